#include "pool/pool.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_hosts.h"
#include "pool/worker.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    POOL_SLICE = 256,      /* items that are skipped at a time */
    POOL_LINK_SLICE = 1024 /* hosts that a batch is linked to at a time */
};

/* ---- life of the pool ---- */

enum err pool_create(const struct pool_options *options, struct pool **ret_pool) {
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->options = *options;
    atomic_init(&p->max_waiting, options->max_waiting);
    pthread_mutex_init(&p->lock, NULL);
    sem_init(&p->empty, 0, 0);
    sched_init(&p->sched, &options->hosts);
    p->wake_at_ms = CLOCK_NEVER;
    list_init(&p->batches);
    list_init(&p->idle);
    list_init(&p->left);
    pool_tell_locked(p); /* nobody else knows of it yet */
    timer_event_init(&p->retry, worker_retry_start, p);
    timer_event_init(&p->wake, worker_wake_sched, p);
    *ret_pool = p;
    return ERR_NONE;
}

void pool_destroy(struct pool *p) {
    if (!p)
        return;
    worker_stop_all(p);
    timers_cancel(p->options.timers, &p->retry);
    timers_cancel(p->options.timers, &p->wake);
    assert(list_is_empty(&p->batches));
    sched_fini(&p->sched);
    sem_destroy(&p->empty);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void pool_set_limits(struct pool *p, const struct pool_limits *limits) {
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->max_waiting, limits->max_waiting);
    p->options.idle_timeout_ms = limits->idle_timeout_ms;
    pthread_mutex_unlock(&p->lock);
    pool_hosts_set_options(p, &limits->hosts);
}

void pool_close(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    pthread_mutex_unlock(&p->lock);
}

void pool_read_stats(struct pool *p, struct pool_stats *ret_stats) {
    pool_board_read(&p->board, clock_now_us(), ret_stats);
    ret_stats->max_workers = p->options.max_workers;
    ret_stats->max_waiting = atomic_load(&p->max_waiting);
}

int pool_room_after_s(struct pool *p, size_t count) {
    pthread_mutex_lock(&p->lock);
    size_t waiting = p->sched.waiting + count;
    size_t ahead = waiting > atomic_load(&p->max_waiting) ? waiting - atomic_load(&p->max_waiting) : 0;
    int seconds = pace_seconds(&p->pace, ahead, clock_now_ms());
    pthread_mutex_unlock(&p->lock);
    return seconds;
}

/* ---- batches ---- */

/* An item that was taken out of the scheduler. */
struct taken {
    size_t index;
    struct sched_again *again;
};

/* Skips items that were not started; there are as many. The batch may be freed by now when the last of its items was
 * among these. */
static void skip_slice(struct batch *b, size_t count, enum fetch_error reason) {
    struct pool *p = b->pool;
    struct taken items[POOL_SLICE];
    assert(count > 0 && count <= POOL_SLICE);
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < count; i++)
        sched_take_closed(&p->sched, &b->sched, clock_now_ms(), &items[i].index, &items[i].again);
    p->counts.running += count;
    worker_unlock(p);
    for (size_t i = 0; i < count; i++)
        b->ops->skip(b, items[i].index, reason, items[i].again);
    pthread_mutex_lock(&p->lock);
    p->counts.running -= count;
    p->counts.finished += b->is_scout ? 0 : count;
    pool_tell_locked(p);
    bool done = batch_count_finished_locked(b, count);
    pthread_mutex_unlock(&p->lock);
    if (done)
        batch_finish(b);
}

static size_t slice_of(size_t count) {
    return count < POOL_SLICE ? count : POOL_SLICE;
}

/* The batch cannot be done before its last slice. */
static void skip_items(struct batch *b, size_t count, enum fetch_error reason) {
    while (count > 0) {
        size_t slice = slice_of(count);
        count -= slice;
        skip_slice(b, slice, reason);
    }
}

/* The number of items that have to be skipped. The batch cannot be done before those are. */
static size_t cancel_locked(struct batch *b, enum fetch_error reason) {
    if (b->done || atomic_load(&b->cancelled) != FETCH_OK)
        return 0;
    atomic_store(&b->cancelled, reason);
    size_t count = sched_close(&b->pool->sched, &b->sched, clock_now_ms());
    batch_interrupt_locked(b);
    return count;
}

/* In the timers' thread, once for each slice: the rest waits until the other timers had their turn. A batch with items
 * left to skip cannot be done, so it stays as it is between. */
static void reach_deadline(void *arg) {
    struct batch *b = arg;
    struct timers *timers = b->pool->options.timers;
    pthread_mutex_lock(&b->pool->lock);
    if (b->unskipped == 0)
        b->unskipped = cancel_locked(b, FETCH_DEADLINE);
    size_t slice = slice_of(b->unskipped);
    b->unskipped -= slice;
    bool more = b->unskipped > 0;
    worker_unlock(b->pool);
    if (slice > 0)
        skip_slice(b, slice, FETCH_DEADLINE);
    if (more)
        timers_set(timers, &b->deadline, clock_now_ms());
}

/* Items that wait for a retry may exceed what may wait. */
static enum err find_room_locked(const struct pool *p, const struct batch *b) {
    size_t max = atomic_load(&p->max_waiting);
    if (b->is_scout)
        return ERR_NONE;
    if (b->unfinished > max)
        return ERR_LIMIT;
    return p->sched.waiting > max + p->scouts - b->unfinished ? ERR_FULL : ERR_NONE;
}

static enum err admit_locked(struct pool *p, struct batch *b) {
    enum err err = p->closed ? ERR_CLOSED : find_room_locked(p, b);
    if (err)
        return err;
    if (b->unfinished > 0 && sched_add(&p->sched, &b->sched, b->caller))
        return ERR_NOMEM;
    timer_event_init(&b->deadline, reach_deadline, b);
    if (b->deadline_ms != CLOCK_NEVER)
        timers_set(p->options.timers, &b->deadline, b->deadline_ms);
    p->open_batches++;
    p->counts.accepted += b->is_scout ? 0 : b->unfinished;
    p->counts.batches_accepted += !b->is_scout;
    p->scouts += b->is_scout;
    return ERR_NONE;
}

/* Its items may run, and be done, before all of its hosts are linked; it must not be, hence one more. */
static bool link_first_locked(struct pool *p, struct batch *b) {
    bool more = sched_link(&p->sched, &b->sched, POOL_LINK_SLICE, clock_now_ms());
    b->unfinished += more;
    return more;
}

static void link_rest(struct pool *p, struct batch *b) {
    bool more = true;
    while (more) {
        pthread_mutex_lock(&p->lock);
        more = sched_link(&p->sched, &b->sched, POOL_LINK_SLICE, clock_now_ms());
        worker_unlock(p);
    }
    pthread_mutex_lock(&p->lock);
    bool done = batch_count_finished_locked(b, 1);
    pthread_mutex_unlock(&p->lock);
    if (done)
        batch_finish(b);
}

enum err pool_submit(struct pool *p, struct batch *b) {
    b->pool = p;
    b->submitted_at_us = clock_now_us();
    pthread_mutex_lock(&p->lock);
    enum err err = admit_locked(p, b);
    if (err) {
        pthread_mutex_unlock(&p->lock);
        return err;
    }
    bool empty = b->unfinished == 0 && batch_count_finished_locked(b, 0);
    bool more = false;
    if (!empty) {
        list_push_back(&p->batches, &b->in_pool);
        more = link_first_locked(p, b);
    }
    worker_unlock(p);
    if (empty)
        batch_finish(b);
    else if (more)
        link_rest(p, b);
    return ERR_NONE;
}

void pool_cancel(struct batch *b, enum fetch_error reason) {
    struct pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    size_t count = cancel_locked(b, reason);
    worker_unlock(p);
    skip_items(b, count, reason);
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
        size_t count = cancel_locked(b, reason);
        if (count == 0) /* all have started: they end by themselves, and the batch with them */
            continue;
        pthread_mutex_unlock(&p->lock);
        skip_items(b, count, reason);
        pthread_mutex_lock(&p->lock);
    }
    worker_unlock(p);
}

void pool_interrupt(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    LIST_FOR_EACH(node, &p->batches) {
        struct batch *b = LIST_ENTRY(node, struct batch, in_pool);
        LIST_FOR_EACH(in_batch, &b->running) {
            thread_interrupt(LIST_ENTRY(in_batch, struct worker, in_batch)->thread);
        }
    }
    pthread_mutex_unlock(&p->lock);
}

void pool_hold(struct batch *b, size_t wanted) {
    struct pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    if (!b->done)
        sched_hold(&p->sched, &b->sched, wanted, clock_now_ms());
    worker_unlock(p);
}

void pool_put_off(struct batch *b, struct batch_rest *rest) {
    pthread_mutex_lock(&b->pool->lock);
    batch_put_off_locked(b, rest);
    pthread_mutex_unlock(&b->pool->lock);
}

void pool_pause_now(struct batch *b, struct batch_next *next) {
    struct pool *p = b->pool;
    if (next->pause_until_ms == 0)
        return;
    pthread_mutex_lock(&p->lock);
    worker_pause_host_locked(p, next);
    worker_unlock(p);
}

void pool_release(struct batch *b) {
    struct pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    if (!b->done)
        sched_release(&p->sched, &b->sched);
    worker_unlock(p);
}
