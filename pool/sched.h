/* Which item is to be done next.
 *
 * Batches that can start an item now stand in a ring and are served one item each, round robin; a batch whose permits
 * are all taken, that has nothing left to start or that is held stands outside, where nothing scans it. Picking and
 * finishing are O(1). A plain structure without threads: the pool calls it under its lock. The permits are a POSIX
 * semaphore (sem_overview(7)) that is only ever tried, never waited for. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_SCHED_H
#define FETCHPOOL_POOL_SCHED_H

#include "base/list.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

/* Fields may be read. */
struct sched {
    struct list ring;
    size_t waiting; /* items of all batches that were not started */
    size_t running; /* items that were started and did not finish */
};

/* Stands inside the batch; fields are private. */
struct sched_batch {
    struct list in_ring;
    sem_t permits;
    size_t count;
    size_t next; /* the first item that was not started */
    bool held;
};

void sched_init(struct sched *s);

/* `max_concurrent` items at once at most, at least 1. */
void sched_batch_init(struct sched_batch *b, size_t count, size_t max_concurrent);
void sched_batch_fini(struct sched_batch *b);

/* Puts all items of the batch up for picking. It is borrowed until its last item was finished or closed. */
void sched_add(struct sched *s, struct sched_batch *b);

/* Starts the next item: the batch it is of, and its index. NULL: none can start now. */
struct sched_batch *sched_pick(struct sched *s, size_t *ret_index);

/* An item that was picked has been done; its permit is free again. */
void sched_finish(struct sched *s, struct sched_batch *b);

/* Starts nothing more of the batch until it is released. */
void sched_hold(struct sched_batch *b);
void sched_release(struct sched *s, struct sched_batch *b);

/* Takes away all items that were not started: from the returned index to the end. Held or not, nothing of it starts any
 * more. */
size_t sched_close(struct sched *s, struct sched_batch *b);

/* An item could be picked now. */
bool sched_can_pick(const struct sched *s);

#endif
