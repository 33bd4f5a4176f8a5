/* The worker pool: threads that run the items of batches.
 *
 * Workers are started on demand up to a limit, each waits for work on a semaphore of its own, and one that had none for
 * a while leaves. The worker that waited last is woken first. A worker that has finished an item takes the next one
 * under the same lock, so under load nothing sleeps and nothing is woken.
 */
#ifndef FETCHPOOL_POOL_POOL_H
#define FETCHPOOL_POOL_POOL_H

#include "base/err.h"
#include "base/timers.h"
#include "pool/batch.h"
#include "pool/fetch_error.h"
#include "pool/pool_stats.h"

#include <stddef.h>
#include <stdint.h>

struct pool;

struct pool_options {
    size_t max_workers;
    size_t max_waiting; /* items of all batches together that were not started */
    int64_t idle_timeout_ms;
    struct sched_options hosts;
    struct timers *timers; /* borrowed; outlives the pool */
    /* Told once when no thread can be had, and again only after one could; may be NULL. Any thread, without a lock
     * held. */
    void (*no_thread)(size_t workers);
};

/* What may change while the pool works, of the options of the same names. */
struct pool_limits {
    size_t max_waiting;
    int64_t idle_timeout_ms;
    struct sched_options hosts;
};

/* Starts no thread yet. ERR_NOMEM. */
enum err pool_create(const struct pool_options *options, struct pool **ret_pool) ERR_MUST_CHECK;

/* Ends the workers and waits for them. No batch may be left. Accepts NULL. */
void pool_destroy(struct pool *p);

/* From now on these hold, for what runs and waits, too, unless it was set by hand (pool_set_host). What was started
 * stays started, what waits stays. Any thread. */
void pool_set_limits(struct pool *p, const struct pool_limits *limits);

/* In how many seconds there may be room for `count` more items, by the pace of late: from 1 to 60. Any thread. */
int pool_room_after_s(struct pool *p, size_t count);

/* Hands the batch to the pool, which borrows it until its `done`. On an error nothing was taken and no function is
 * called. ERR_FULL: max_waiting is reached; ERR_LIMIT: the batch alone is larger. ERR_CLOSED: pool_close was called.
 * ERR_NOMEM. Does not wait. Any thread. */
enum err pool_submit(struct pool *p, struct batch *b) ERR_MUST_CHECK;

/* Skips what was not started and interrupts what runs, both with this reason. The first reason stays. The batch must
 * not have been freed; one that is done is left alone. Any thread, also within the batch's functions. */
void pool_cancel(struct batch *b, enum fetch_error reason);

/* While held, no item of the batch is started but `wanted`, if any (SCHED_NO_ITEM): the first one that is not done. May
 * be called again when that has become another. Any thread, until the batch is done. */
void pool_hold(struct batch *b, size_t wanted);
void pool_release(struct batch *b);

/* Pauses the host that `next` names, if any, now and not after the item: before others hear what came of it, and come
 * back. Within `run` of the batch. */
void pool_pause_now(struct batch *b, struct batch_next *next);

/* What an item's results take too long for at once: `rest` is given to `resume` of the batch, part by part, between
 * other timers, until all of it is done; the batch is not before. Within `skip` of the batch. */
void pool_put_off(struct batch *b, struct batch_rest *rest);

/* From now on pool_submit refuses with ERR_CLOSED. Any thread. */
void pool_close(struct pool *p);

/* pool_cancel for every batch. Any thread. */
void pool_cancel_all(struct pool *p, enum fetch_error reason);

/* Interrupts what runs once, so that it looks about. An interruption that comes just before a blocking call is lost.
 * Any thread. */
void pool_interrupt(struct pool *p);

/* Without the lock that fetches take. Any thread. */
void pool_read_stats(struct pool *p, struct pool_stats *ret_stats);

#endif
