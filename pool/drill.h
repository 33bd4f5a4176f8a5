/* A rehearsal of the pool that touches no network: tasks that wait and say so in the log. */
#ifndef FETCHPOOL_POOL_DRILL_H
#define FETCHPOOL_POOL_DRILL_H

#include "base/err.h"
#include "pool/pool.h"

#include <stddef.h>
#include <stdint.h>

/* Waits `delay_ms`, then returns `label`. */
struct drill_task {
    int64_t delay_ms;
    const char *label;
};

/* A list of tasks as a batch of the pool. Stands inside the caller's object; `tasks` is borrowed until `done`, which is
 * called once all have waited or were cut short (`cut` says so), without a lock held, in any thread. */
struct drill_batch {
    struct batch batch;
    const struct drill_task *tasks;
    void (*done)(struct drill_batch *b);
    _Atomic bool cut;
};

/* Waits in the calling thread and logs "A starting..." and "A done after 0.1s". NULL instead of the label when
 * `cancelled` (may be NULL) was set and the thread interrupted meanwhile. */
const char *drill_delay(const struct drill_task *task, const _Atomic(enum fetch_error) *cancelled);

/* drill_delay for one task after the other, in the calling thread; `ret_results[i]` is the label of `tasks[i]`. */
void drill_run_sequential(const struct drill_task *tasks, size_t count, const char **ret_results);

/* The same in the pool, `max_concurrent` at once, in the same order; waits until all are done. The errors of
 * pool_submit; when the batch was cancelled meanwhile, all results are NULL. */
enum err drill_run_concurrent(struct pool *pool, const struct drill_task *tasks, size_t count, size_t max_concurrent,
                              const char **ret_results) ERR_MUST_CHECK;

/* The asynchronous form of both: one after the other with `max_concurrent` 1. The errors of pool_submit. The caller
 * calls drill_batch_fini afterwards, whatever came of it. */
enum err drill_batch_submit(struct drill_batch *b, struct pool *pool, size_t count,
                            size_t max_concurrent) ERR_MUST_CHECK;
void drill_batch_fini(struct drill_batch *b);

#endif
