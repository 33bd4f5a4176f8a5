/* What can be read of a pool while it works: numbers since its start, and of now, all of one moment. */
#ifndef FETCHPOOL_POOL_POOL_STATS_H
#define FETCHPOOL_POOL_POOL_STATS_H

#include "pool/fetch_error.h"
#include "pool/sched_wait.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* How a batch ended. */
enum pool_outcome {
    POOL_COMPLETED,
    POOL_CANCELLED,
    POOL_DEADLINE,
    POOL_SHUTDOWN,
    POOL_OUTCOME_COUNT,
};

/* Nothing but uint64_t. At any time accepted = finished + running + waiting, which is the sum of waiting_for; but a
 * scout, pool/scout.h, is among those that run or wait while it is in the pool. The limits stay what they are. */
struct pool_stats {
    uint64_t workers;
    uint64_t running;  /* items in the hands of a worker, or being skipped */
    uint64_t waiting;  /* items that were not started, or are to be run again */
    uint64_t accepted; /* items */
    uint64_t finished; /* items */
    uint64_t batches_accepted;
    uint64_t batches_finished[POOL_OUTCOME_COUNT];
    uint64_t waiting_for[SCHED_WAIT_COUNT]; /* items, by what they wait for */
    uint64_t waited_us[SCHED_WAIT_COUNT];   /* of all items together */
    uint64_t max_workers;
    uint64_t max_waiting;
};

/* A copy of the numbers, but for the limits, that whoever holds the pool's lock shows to those who do not. Embedded by
 * value; all zero is right; fields are private. */
struct pool_board {
    _Atomic uint64_t edition; /* odd: is being written */
    _Atomic uint64_t numbers[offsetof(struct pool_stats, max_workers) / sizeof(uint64_t)];
    _Atomic uint64_t written_at_us;
    _Atomic uint64_t read_us[SCHED_WAIT_COUNT]; /* the most that was told of `waited_us` */
};

/* They are those of `now_us`, which is monotonic. One at a time. */
void pool_board_write(struct pool_board *b, const struct pool_stats *stats, int64_t now_us);

/* What waits is told to have waited until `now_us`, and never for less than was told before. Any thread. Nobody waits
 * for it; it may wait for a writer whose processor was taken away in the middle. */
void pool_board_read(struct pool_board *b, int64_t now_us, struct pool_stats *ret_stats);

/* What waits has waited so much longer. */
void pool_stats_wait(struct pool_stats *stats, uint64_t us);

/* How a batch ended that was cancelled for this reason; FETCH_OK: it was not. */
enum pool_outcome pool_outcome_of(enum fetch_error reason);

#endif
