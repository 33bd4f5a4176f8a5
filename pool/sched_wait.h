/* Why items wait: how many of them for what.
 *
 * Items that wait together stand in a crowd, which has one reason for all of them: so the reason of any number of items
 * changes in one step. Plain structures without threads. Used by sched*.c, pool_state.h and pool_stats.* only. */
#ifndef FETCHPOOL_POOL_SCHED_WAIT_H
#define FETCHPOOL_POOL_SCHED_WAIT_H

#include <stddef.h>
#include <stdint.h>

/* What would let them start, or the first thing on the way there: an item whose host is full waits for that, whatever
 * else its batch lacks. */
enum sched_wait {
    SCHED_WAIT_BATCH,  /* as many of its batch run as may */
    SCHED_WAIT_HOST,   /* its host is full, for all or for its batch, or a delay between two starts is not over */
    SCHED_WAIT_PAUSE,  /* its host is paused */
    SCHED_WAIT_RETRY,  /* the time of its next attempt has not come */
    SCHED_WAIT_WORKER, /* it could start */
    SCHED_WAIT_READER, /* its batch is held */
    SCHED_WAIT_COUNT,
};

/* Items by reason. All zero is right. */
struct sched_waits {
    uint64_t items[SCHED_WAIT_COUNT];
};

/* `why` may be set before the first item comes, and then by sched_wait_change. */
struct sched_crowd {
    uint64_t items;
    enum sched_wait why;
};

void sched_wait_add(struct sched_waits *w, struct sched_crowd *c, uint64_t items);

/* So many are there. */
void sched_wait_take(struct sched_waits *w, struct sched_crowd *c, uint64_t items);

/* The whole crowd waits for something else from now on. */
void sched_wait_change(struct sched_waits *w, struct sched_crowd *c, enum sched_wait why);

#endif
