#include "pool/pool.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/worker.h"

#include <assert.h>
#include <stdlib.h>

/* A signal that lands just before a blocking call is lost, so it is repeated: soon, then patiently. */
static int64_t next_interrupt_ms(unsigned round) {
    return round < 3 ? 10 : round < 6 ? 50 : 200;
}

/* ---- life of the pool ---- */

enum err pool_create(const struct pool_options *options, struct pool **ret_pool) {
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    sem_init(&p->empty, 0, 0);
    sched_init(&p->sched);
    list_init(&p->batches);
    list_init(&p->idle);
    list_init(&p->left);
    timer_event_init(&p->retry, worker_retry_start, p);
    *ret_pool = p;
    return ERR_NONE;
}

void pool_destroy(struct pool *p) {
    if (!p)
        return;
    timers_cancel(p->options.timers, &p->retry);
    worker_stop_all(p);
    assert(list_is_empty(&p->batches));
    sem_destroy(&p->empty);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void pool_close(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    pthread_mutex_unlock(&p->lock);
}

void pool_read_stats(struct pool *p, struct pool_stats *ret_stats) {
    pthread_mutex_lock(&p->lock);
    *ret_stats = (struct pool_stats){
        .workers = p->workers,
        .running = p->sched.running,
        .waiting = p->sched.waiting,
        .max_workers = p->options.max_workers,
        .max_waiting = p->options.max_waiting,
    };
    pthread_mutex_unlock(&p->lock);
}

/* ---- life of a batch ---- */

static void reach_deadline(void *arg) {
    pool_cancel(arg, FETCH_DEADLINE);
}

/* Interrupts the batch's workers, and sets itself again while there are any. Without memory for that, libcurl notices
 * the cancellation within a second by itself. */
static void interrupt_locked(struct batch *b) {
    if (b->done || list_is_empty(&b->running))
        return;
    LIST_FOR_EACH(node, &b->running) {
        thread_interrupt(LIST_ENTRY(node, struct worker, in_batch)->thread);
    }
    int64_t again_ms = clock_now_ms() + next_interrupt_ms(b->interrupts++);
    err_ignore(timers_set(b->pool->options.timers, &b->interrupt, again_ms));
}

static void interrupt_again(void *arg) {
    struct batch *b = arg;
    pthread_mutex_lock(&b->pool->lock);
    interrupt_locked(b);
    pthread_mutex_unlock(&b->pool->lock);
}

void batch_init(struct batch *b, const struct batch_ops *ops, size_t count, size_t max_concurrent,
                int64_t deadline_ms) {
    *b = (struct batch){.ops = ops, .unfinished = count, .deadline_ms = deadline_ms};
    sched_batch_init(&b->sched, count, max_concurrent);
    list_init(&b->in_pool);
    list_init(&b->running);
    timer_event_init(&b->deadline, reach_deadline, b);
    timer_event_init(&b->interrupt, interrupt_again, b);
    atomic_init(&b->cancelled, FETCH_OK);
}

void batch_fini(struct batch *b) {
    sched_batch_fini(&b->sched);
}

/* Once marked done under the lock, nobody sets its timers again, so they can be cancelled for good. */
void pool_finish_batch(struct batch *b) {
    timers_cancel(b->pool->options.timers, &b->deadline);
    timers_cancel(b->pool->options.timers, &b->interrupt);
    b->ops->done(b);
}

bool pool_count_finished_locked(struct batch *b, size_t count) {
    b->unfinished -= count;
    if (b->unfinished > 0)
        return false;
    b->done = true;
    list_remove(&b->in_pool);
    return true;
}

static enum err admit_locked(struct pool *p, struct batch *b) {
    if (p->closed)
        return ERR_CLOSED;
    if (b->unfinished > p->options.max_waiting - p->sched.waiting)
        return ERR_FULL;
    if (b->deadline_ms != CLOCK_NEVER)
        return timers_set(p->options.timers, &b->deadline, b->deadline_ms);
    return ERR_NONE;
}

enum err pool_submit(struct pool *p, struct batch *b) {
    b->pool = p;
    b->submitted_at_us = clock_now_us();
    pthread_mutex_lock(&p->lock);
    enum err err = admit_locked(p, b);
    if (!err && b->unfinished > 0) {
        list_push_back(&p->batches, &b->in_pool);
        sched_add(&p->sched, &b->sched);
    }
    bool empty = !err && b->unfinished == 0 && pool_count_finished_locked(b, 0);
    struct worker *wake = NULL;
    bool start = !err && worker_want_locked(p, &wake);
    pthread_mutex_unlock(&p->lock);
    if (err)
        return err;
    if (empty)
        pool_finish_batch(b);
    else
        worker_wake(p, wake, start);
    return ERR_NONE;
}

static void skip_items(struct batch *b, size_t first, enum fetch_error reason) {
    struct pool *p = b->pool;
    size_t count = b->sched.count - first;
    if (count == 0)
        return;
    for (size_t i = first; i < b->sched.count; i++)
        b->ops->skip(b, i, reason);
    pthread_mutex_lock(&p->lock);
    bool done = pool_count_finished_locked(b, count);
    pthread_mutex_unlock(&p->lock);
    if (done)
        pool_finish_batch(b);
}

/* The index of the first item that has to be skipped. The batch cannot be done before those are. */
static size_t cancel_locked(struct batch *b, enum fetch_error reason) {
    if (b->done || atomic_load(&b->cancelled) != FETCH_OK)
        return b->sched.count;
    atomic_store(&b->cancelled, reason);
    size_t first = sched_close(&b->pool->sched, &b->sched);
    interrupt_locked(b);
    return first;
}

void pool_cancel(struct batch *b, enum fetch_error reason) {
    struct pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    size_t first = cancel_locked(b, reason);
    pthread_mutex_unlock(&p->lock);
    skip_items(b, first, reason);
}

static struct batch *first_uncancelled_locked(struct pool *p) {
    LIST_FOR_EACH(node, &p->batches) {
        struct batch *b = LIST_ENTRY(node, struct batch, in_pool);
        if (atomic_load(&b->cancelled) == FETCH_OK)
            return b;
    }
    return NULL;
}

void pool_cancel_all(struct pool *p, enum fetch_error reason) {
    pthread_mutex_lock(&p->lock);
    for (struct batch *b = first_uncancelled_locked(p); b; b = first_uncancelled_locked(p)) {
        size_t first = cancel_locked(b, reason);
        if (first == b->sched.count) /* all have started: they end by themselves, and the batch with them */
            continue;
        pthread_mutex_unlock(&p->lock);
        skip_items(b, first, reason);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

void pool_hold(struct batch *b) {
    pthread_mutex_lock(&b->pool->lock);
    if (!b->done)
        sched_hold(&b->sched);
    pthread_mutex_unlock(&b->pool->lock);
}

void pool_release(struct batch *b) {
    struct pool *p = b->pool;
    struct worker *wake = NULL;
    pthread_mutex_lock(&p->lock);
    if (!b->done)
        sched_release(&p->sched, &b->sched);
    bool start = worker_want_locked(p, &wake);
    pthread_mutex_unlock(&p->lock);
    worker_wake(p, wake, start);
}
