/* What the pool runs: a number of items and the functions that do them.
 *
 * A batch is whatever its functions make of it (pool/fetch_batch.h, pool/drill.h). Each of its items is run in a
 * worker, and again as often as it asks for it, or skipped, and when all are through the batch is done, once.
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

/* What is to follow after an item was run; all zero: nothing, the item is done. */
struct batch_next {
    struct sched_again
        *again; /* the item is to be run again; its owner sets `index` and takes it back in run or skip */
    int64_t again_at_ms;
    int64_t pause_until_ms; /* not 0: nothing is to be started to `host` before */
    char host[SCHED_HOST_NAME_BYTES];
};

/* What `skip` has put off (pool_put_off); stands inside the object that the functions know. */
struct batch_rest {
    struct list in_batch;
};

/* All are called without a lock of the pool held. `again` is what the item asked to be run again with, or NULL. */
struct batch_ops {
    /* Does the item; may block. In a worker. Ends early when `cancelled` of the batch is set. */
    void (*run)(struct batch *b, size_t index, struct sched_again *again, struct batch_next *next);
    /* The item will not be run, or not again, for this reason. In any thread. */
    void (*skip)(struct batch *b, size_t index, enum fetch_error reason, struct sched_again *again);
    /* A part of what was put off: no more than takes about a millisecond. False: that was the last, and `rest` may be
     * freed. In the timers' thread. NULL: nothing ever is. */
    bool (*resume)(struct batch *b, struct batch_rest *rest);
    /* All items were run or skipped: the pool is done with the batch, which may be freed here. In any thread, even in
     * pool_submit before it returns. */
    void (*done)(struct batch *b);
};

/* Stands inside the object that the functions know; fill with batch_init. `cancelled`, `deadline_ms` and
 * `submitted_at_us` may be read, `caller`, `longest_ms` and `is_scout` set before pool_submit; the rest is private. */
struct batch {
    const struct batch_ops *ops;
    const char *caller; /* batches of one caller share one turn; less than SCHED_CALLER_NAME_BYTES, borrowed */
    int64_t longest_ms; /* that one run of an item may take; CLOCK_NEVER: nobody knows */
    bool is_scout;      /* nobody asked for it: it takes no place in the queue, and nor is it counted */
    struct pool *pool;
    struct sched_batch sched;
    struct list in_pool;
    struct list running; /* workers that run its items */
    struct list rests;   /* that were put off */
    size_t unfinished;   /* items, and rests */
    bool done;
    int64_t deadline_ms;
    int64_t submitted_at_us;
    size_t unskipped;    /* items that its deadline has still to skip */
    unsigned interrupts; /* rounds of signals sent to its workers so far */
    struct timer_event deadline;
    struct timer_event interrupt;
    struct timer_event rest;
    _Atomic(enum fetch_error) cancelled; /* FETCH_OK: it is not */
};

/* `max_concurrent` items run at once at most; what was not run by `deadline_ms` (monotonic; CLOCK_NEVER) is
 * cancelled. The items lead to no hosts. */
void batch_init(struct batch *b, const struct batch_ops *ops, size_t count, size_t max_concurrent, int64_t deadline_ms);

/* The same for items that lead to hosts. ERR_NOMEM: it is not initialised. */
enum err batch_init_by_host(struct batch *b, const struct batch_ops *ops,
                            const struct sched_batch_options *options) ERR_MUST_CHECK;

/* It is done, or was never taken by the pool. */
void batch_fini(struct batch *b);

/* ---- for the pool: those with _locked under its lock, the other one without ---- */

/* Counts items as run or skipped. True: that was the last, and batch_finish has to follow. */
bool batch_count_finished_locked(struct batch *b, size_t count);

/* Calls `done`; no timer of the batch will be called any more. */
void batch_finish(struct batch *b);

/* What pool_put_off does. */
void batch_put_off_locked(struct batch *b, struct batch_rest *rest);

/* Interrupts the workers that run its items, and does so again until there are none. */
void batch_interrupt_locked(struct batch *b);

#endif
