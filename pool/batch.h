/* What the pool runs: a number of items and the functions that do them.
 *
 * A batch is whatever its functions make of it (pool/fetch_batch.h, pool/drill.h). Each of its items is either run once
 * in a worker or skipped once, and then the batch is done, once.
 */
#ifndef FETCHPOOL_POOL_BATCH_H
#define FETCHPOOL_POOL_BATCH_H

#include "base/list.h"
#include "base/timers.h"
#include "pool/fetch_error.h"
#include "pool/sched.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;
struct batch;

/* All are called without a lock of the pool held. */
struct batch_ops {
    /* Does the item; may block. In a worker. Ends early when `cancelled` of the batch is set. */
    void (*run)(struct batch *b, size_t index);
    /* The item will not be run, for this reason. In any thread. */
    void (*skip)(struct batch *b, size_t index, enum fetch_error reason);
    /* All items were run or skipped: the pool is done with the batch, which may be freed here. In any thread, even in
     * pool_submit before it returns. */
    void (*done)(struct batch *b);
};

/* Stands inside the object that the functions know; fill with batch_init. `cancelled`, `deadline_ms` and
 * `submitted_at_us` may be read, the rest is private. */
struct batch {
    const struct batch_ops *ops;
    struct pool *pool;
    struct sched_batch sched;
    struct list in_pool;
    struct list running; /* workers that run its items */
    size_t unfinished;
    bool done;
    int64_t deadline_ms;
    int64_t submitted_at_us;
    size_t unskipped;    /* the first item that its deadline has still to skip */
    unsigned interrupts; /* rounds of signals sent to its workers so far */
    struct timer_event deadline;
    struct timer_event interrupt;
    _Atomic(enum fetch_error) cancelled; /* FETCH_OK: it is not */
};

/* `max_concurrent` items run at once at most; what was not run by `deadline_ms` (monotonic; CLOCK_NEVER) is
 * cancelled. */
void batch_init(struct batch *b, const struct batch_ops *ops, size_t count, size_t max_concurrent, int64_t deadline_ms);
void batch_fini(struct batch *b);

/* Of `unskipped`, as long as the deadline has not come. */
#define BATCH_DEADLINE_AHEAD SIZE_MAX

/* ---- for the pool: those with _locked under its lock, the other one without ---- */

/* Counts items as run or skipped. True: that was the last, and batch_finish has to follow. */
bool batch_count_finished_locked(struct batch *b, size_t count);

/* Calls `done`; no timer of the batch will be called any more. */
void batch_finish(struct batch *b);

/* Interrupts the workers that run its items, and does so again until there are none. */
void batch_interrupt_locked(struct batch *b);

#endif
