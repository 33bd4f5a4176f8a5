/* Whether the pool moves, for a watchdog: what it is at, at two moments, tells whether anything came of the time
 * between. */
#ifndef FETCHPOOL_POOL_POOL_PROGRESS_H
#define FETCHPOOL_POOL_POOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

struct pool_progress {
    uint64_t steps; /* starts and ends of items, since the pool was made */
    size_t waiting;
    size_t running;
    size_t overdue; /* of the running ones: longer than their batch says that they may take, and the grace */
    size_t free;    /* workers that have nothing to do, or could be started */
    bool has_work;  /* an item could be started */
};

enum pool_motion {
    POOL_MOVES,
    POOL_STALLED, /* there are work and free workers, and they do not meet */
    POOL_STUCK,   /* all workers that there may be are at items that should be over */
};

/* `grace_ms` is how late an item may be. Waits for the pool's lock. Any thread. */
void pool_progress_read(struct pool *p, int64_t grace_ms, struct pool_progress *ret_progress);

/* `before` is some seconds older than `now`: a moment is not enough for a worker to wake up. Workers that are all at
 * slow items which are not late are in motion, and so is a pool without work, or without a thread to be had. */
enum pool_motion pool_progress_judge(const struct pool_progress *before, const struct pool_progress *now);

#endif
