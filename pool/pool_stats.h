/* What can be read of a pool while it works: numbers since its start, and of now, all of one moment. */
#ifndef FETCHPOOL_POOL_POOL_STATS_H
#define FETCHPOOL_POOL_POOL_STATS_H

#include "pool/fetch_error.h"

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

/* Nothing but uint64_t. At any time accepted = finished + running + waiting. The limits stay what they are. */
struct pool_stats {
    uint64_t workers;
    uint64_t running;  /* items in the hands of a worker, or being skipped */
    uint64_t waiting;  /* items that were not started, or are to be run again */
    uint64_t accepted; /* items */
    uint64_t finished; /* items */
    uint64_t batches_accepted;
    uint64_t batches_finished[POOL_OUTCOME_COUNT];
    uint64_t max_workers;
    uint64_t max_waiting;
};

/* A copy of the numbers, but for the limits, that whoever holds the pool's lock shows to those who do not. Embedded by
 * value; all zero is right; fields are private. */
struct pool_board {
    _Atomic uint64_t edition; /* odd: is being written */
    _Atomic uint64_t numbers[offsetof(struct pool_stats, max_workers) / sizeof(uint64_t)];
};

/* One at a time. */
void pool_board_write(struct pool_board *b, const struct pool_stats *stats);

/* Any thread. Nobody waits for it; it may wait for a writer whose processor was taken away in the middle. */
void pool_board_read(const struct pool_board *b, struct pool_stats *ret_stats);

/* How a batch ended that was cancelled for this reason; FETCH_OK: it was not. */
enum pool_outcome pool_outcome_of(enum fetch_error reason);

#endif
