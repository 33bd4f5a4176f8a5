#include "pool/pool.h"

#include "base/clock.h"
#include "pool/worker.h"

#include <assert.h>
#include <stdlib.h>

enum { POOL_SLICE = 1000 }; /* items that the timers' thread skips at a time */

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

/* ---- batches ---- */

/* The batch may be freed by now when the last of its items was among these. */
static void skip_items(struct batch *b, size_t first, size_t end, enum fetch_error reason) {
    struct pool *p = b->pool;
    if (first == end)
        return;
    for (size_t i = first; i < end; i++)
        b->ops->skip(b, i, reason);
    pthread_mutex_lock(&p->lock);
    bool done = batch_count_finished_locked(b, end - first);
    pthread_mutex_unlock(&p->lock);
    if (done)
        batch_finish(b);
}

/* The index of the first item that has to be skipped. The batch cannot be done before those are. */
static size_t cancel_locked(struct batch *b, enum fetch_error reason) {
    if (b->done || atomic_load(&b->cancelled) != FETCH_OK)
        return b->sched.count;
    atomic_store(&b->cancelled, reason);
    size_t first = sched_close(&b->pool->sched, &b->sched);
    batch_interrupt_locked(b);
    return first;
}

/* Skips a slice of what was not started. False: that was all, and the batch may be freed. */
static bool skip_slice(struct batch *b) {
    size_t first = b->unskipped;
    size_t count = b->sched.count;
    size_t end = count - first > POOL_SLICE ? first + POOL_SLICE : count;
    b->unskipped = end;
    skip_items(b, first, end, FETCH_DEADLINE);
    return end < count;
}

/* In the timers' thread, once for each slice: the rest waits until the other timers had their turn. A batch with items
 * left to skip cannot be done, so it stays as it is between. */
static void reach_deadline(void *arg) {
    struct batch *b = arg;
    struct timers *timers = b->pool->options.timers;
    pthread_mutex_lock(&b->pool->lock);
    if (b->unskipped == BATCH_DEADLINE_AHEAD)
        b->unskipped = cancel_locked(b, FETCH_DEADLINE);
    pthread_mutex_unlock(&b->pool->lock);
    if (skip_slice(b))
        timers_set(timers, &b->deadline, clock_now_ms());
}

static enum err admit_locked(struct pool *p, struct batch *b) {
    if (p->closed)
        return ERR_CLOSED;
    if (b->unfinished > p->options.max_waiting)
        return ERR_LIMIT;
    if (b->unfinished > p->options.max_waiting - p->sched.waiting)
        return ERR_FULL;
    timer_event_init(&b->deadline, reach_deadline, b);
    if (b->deadline_ms != CLOCK_NEVER)
        timers_set(p->options.timers, &b->deadline, b->deadline_ms);
    return ERR_NONE;
}

enum err pool_submit(struct pool *p, struct batch *b) {
    b->pool = p;
    b->submitted_at_us = clock_now_us();
    pthread_mutex_lock(&p->lock);
    enum err err = admit_locked(p, b);
    p->open_batches += !err;
    if (!err && b->unfinished > 0) {
        list_push_back(&p->batches, &b->in_pool);
        sched_add(&p->sched, &b->sched);
    }
    bool empty = !err && b->unfinished == 0 && batch_count_finished_locked(b, 0);
    struct worker *wake = NULL;
    bool start = !err && !empty && worker_want_locked(p, &wake);
    pthread_mutex_unlock(&p->lock);
    if (err)
        return err;
    if (empty)
        batch_finish(b);
    else
        worker_wake(p, wake, start);
    return ERR_NONE;
}

void pool_cancel(struct batch *b, enum fetch_error reason) {
    struct pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    size_t first = cancel_locked(b, reason);
    pthread_mutex_unlock(&p->lock);
    skip_items(b, first, b->sched.count, reason);
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
        skip_items(b, first, b->sched.count, reason);
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
