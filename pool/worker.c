#include "pool/worker.h"

#include "base/clock.h"
#include "base/thread.h"

#include <stdlib.h>

enum { WORKER_RETRY_MS = 50 };

static void join_list(struct list *left) {
    for (struct list *node = list_first(left); node; node = list_first(left)) {
        struct worker *w = LIST_ENTRY(node, struct worker, in_pool);
        list_remove(node);
        (void)pthread_join(w->thread, NULL);
        sem_destroy(&w->wake);
        free(w);
    }
}

static void take_left_locked(struct pool *p, struct list *ret_left) {
    list_init(ret_left);
    for (struct list *node = list_first(&p->left); node; node = list_first(&p->left)) {
        list_remove(node);
        list_push_back(ret_left, node);
    }
}

static bool has_work_locked(const struct pool *p) {
    return sched_can_pick(&p->sched) || (sched_has_doomed(&p->sched) && !p->skipping);
}

/* Whether one more worker is wanted for what can be picked: an idle one is taken out into `*ret_wake`, or true: one is
 * to be started and is counted already. */
static bool want_locked(struct pool *p, struct worker **ret_wake) {
    *ret_wake = NULL;
    if (!has_work_locked(p) || p->stopping)
        return false;
    struct list *node = list_first(&p->idle);
    if (node) {
        list_remove(node);
        *ret_wake = LIST_ENTRY(node, struct worker, in_pool);
        return false;
    }
    if (p->counts.workers >= p->options.max_workers || p->start_paused)
        return false;
    p->counts.workers++;
    return true;
}

/* After each change of what the scheduler holds. */
static void set_wake_locked(struct pool *p) {
    pool_tell_locked(p);
    int64_t due_ms = sched_next_due(&p->sched);
    if (due_ms == p->wake_at_ms)
        return;
    p->wake_at_ms = due_ms;
    if (due_ms != CLOCK_NEVER)
        timers_set(p->options.timers, &p->wake, due_ms);
}

/* Waits for work. False: there was none for long enough, or the pool stops; the worker is in no list then. */
static bool wait_locked(struct worker *w) {
    struct pool *p = w->pool;
    if (p->stopping)
        return false;
    list_push_front(&p->idle, &w->in_pool);
    int64_t end_ms = clock_now_ms() + p->options.idle_timeout_ms;
    pthread_mutex_unlock(&p->lock);
    bool woken = thread_wait_until(&w->wake, end_ms);
    pthread_mutex_lock(&p->lock);
    if (woken)
        return true;
    if (!list_is_empty(&w->in_pool)) {
        list_remove(&w->in_pool);
        return false;
    }
    pthread_mutex_unlock(&p->lock); /* taken out just now: the post is on its way */
    thread_wait(&w->wake);
    pthread_mutex_lock(&p->lock);
    return true;
}

/* Counts an item as done. The lock is free meanwhile if that was the last of its batch. */
static void end_item_locked(struct pool *p, struct batch *b) {
    pace_count(&p->pace, 1);
    p->steps++;
    p->counts.finished += !b->is_scout;
    if (!batch_count_finished_locked(b, 1))
        return;
    pthread_mutex_unlock(&p->lock);
    batch_finish(b);
    pthread_mutex_lock(&p->lock);
}

void worker_pause_host_locked(struct pool *p, struct batch_next *next) {
    if (next->pause_until_ms != 0)
        err_ignore(sched_pause_host(&p->sched, next->host, next->pause_until_ms, false, clock_now_ms()));
    next->pause_until_ms = 0;
}

/* What the item asks for: that its host be left in peace, or to be run again, unless its batch was cancelled since. */
static void finish_item_locked(struct pool *p, struct sched_flow *f, struct batch_next *next) {
    struct batch *b = LIST_ENTRY(f->batch, struct batch, sched);
    bool skip = next->again && b->sched.closed;
    size_t index = next->again ? next->again->index : 0;
    worker_pause_host_locked(p, next);
    sched_finish(&p->sched, f, skip ? NULL : next->again, next->again_at_ms, clock_now_ms());
    if (next->again && !skip)
        return;
    if (skip) {
        p->counts.running++;
        pthread_mutex_unlock(&p->lock);
        b->ops->skip(b, index, atomic_load(&b->cancelled), next->again);
        pthread_mutex_lock(&p->lock);
        p->counts.running--;
    }
    end_item_locked(p, b);
}

/* Runs the item without the lock. Before that, the next worker is woken if there is more to do: so a batch wakes as
 * many as it needs, one after the other, and whoever submitted it wakes one only. */
static void run_item_locked(struct worker *w, struct sched_flow *f, size_t index, struct sched_again *again) {
    struct pool *p = w->pool;
    struct batch *b = LIST_ENTRY(f->batch, struct batch, sched);
    struct batch_next next;
    next.again = NULL;
    next.pause_until_ms = 0;
    p->steps++;
    w->due_ms = b->longest_ms == CLOCK_NEVER ? CLOCK_NEVER : clock_now_ms() + b->longest_ms;
    list_push_back(&b->running, &w->in_batch);
    worker_unlock(p);
    b->ops->run(b, index, again, &next);
    pthread_mutex_lock(&p->lock);
    list_remove(&w->in_batch);
    finish_item_locked(p, f, &next);
}

/* Skips one item whose host is paused for longer than its batch has time. One worker does that at a time: it is short,
 * and mostly under the lock. */
static bool skip_doomed_locked(struct pool *p) {
    size_t index;
    struct sched_again *again;
    if (p->skipping)
        return false;
    struct sched_batch *taken = sched_take_doomed(&p->sched, clock_now_ms(), &index, &again);
    if (!taken)
        return false;
    struct batch *b = LIST_ENTRY(taken, struct batch, sched);
    p->skipping = true;
    p->counts.running++;
    worker_unlock(p);
    b->ops->skip(b, index, FETCH_HOST_PAUSED, again);
    pthread_mutex_lock(&p->lock);
    p->counts.running--;
    end_item_locked(p, b);
    p->skipping = false;
    return true;
}

static bool do_one_locked(struct worker *w) {
    struct pool *p = w->pool;
    size_t index;
    struct sched_again *again;
    if (skip_doomed_locked(p))
        return true;
    struct sched_flow *f = sched_pick(&p->sched, clock_now_ms(), &index, &again);
    if (f)
        run_item_locked(w, f, index, again);
    return f != NULL;
}

static void *worker_main(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    w->thread = pthread_self();
    do {
        while (do_one_locked(w))
            continue;
        set_wake_locked(p);
    } while (wait_locked(w));
    list_push_back(&p->left, &w->in_pool);
    p->counts.workers--;
    pool_tell_locked(p);
    if (pool_is_empty_locked(p))
        sem_post(&p->empty);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static enum err start_worker(struct pool *p) {
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->pool = p;
    sem_init(&w->wake, 0, 0);
    list_init(&w->in_pool);
    list_init(&w->in_batch);
    pthread_t thread; /* the worker notes its own: it may run an item, and be interrupted, before this is written */
    enum err err = thread_start("fp-worker", worker_main, w, true, &thread);
    if (err) {
        sem_destroy(&w->wake);
        free(w);
    }
    return err;
}

/* Where threads are short, no item should pay for a try in vain; those that do run go on without. */
static void count_failed_start_locked(struct pool *p) {
    p->counts.workers--;
    pool_tell_locked(p);
    if (pool_is_empty_locked(p))
        sem_post(&p->empty);
    if (p->stopping)
        return;
    p->start_paused = true;
    timers_set(p->options.timers, &p->retry, clock_now_ms() + WORKER_RETRY_MS);
}

static void start_or_retry(struct pool *p) {
    struct list left;
    pthread_mutex_lock(&p->lock);
    take_left_locked(p, &left);
    pthread_mutex_unlock(&p->lock);
    join_list(&left);
    bool started = start_worker(p) == ERR_NONE;
    pthread_mutex_lock(&p->lock);
    bool tell = !started && !p->short_of_threads;
    p->short_of_threads = !started;
    if (!started)
        count_failed_start_locked(p);
    size_t workers = (size_t)p->counts.workers;
    pthread_mutex_unlock(&p->lock);
    if (tell && p->options.no_thread)
        p->options.no_thread(workers);
}

void worker_retry_start(void *pool) {
    struct pool *p = pool;
    pthread_mutex_lock(&p->lock);
    p->start_paused = false;
    worker_unlock(p);
}

void worker_unlock(struct pool *p) {
    struct worker *wake;
    bool start = want_locked(p, &wake);
    set_wake_locked(p);
    pthread_mutex_unlock(&p->lock);
    if (wake)
        sem_post(&wake->wake);
    if (start)
        start_or_retry(p);
}

void worker_wake_sched(void *pool) {
    struct pool *p = pool;
    pthread_mutex_lock(&p->lock);
    p->wake_at_ms = CLOCK_NEVER;
    sched_advance(&p->sched, clock_now_ms());
    worker_unlock(p);
}

void worker_stop_all(struct pool *p) {
    struct list left;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    bool wait = !pool_is_empty_locked(p);
    for (struct list *node = list_first(&p->idle); node; node = list_first(&p->idle)) {
        list_remove(node);
        sem_post(&LIST_ENTRY(node, struct worker, in_pool)->wake);
    }
    pthread_mutex_unlock(&p->lock);
    if (wait)
        thread_wait(&p->empty);
    pthread_mutex_lock(&p->lock);
    take_left_locked(p, &left);
    pthread_mutex_unlock(&p->lock);
    join_list(&left);
}
