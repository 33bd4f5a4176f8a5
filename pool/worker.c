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

bool worker_want_locked(struct pool *p, struct worker **ret_wake) {
    *ret_wake = NULL;
    if (!sched_can_pick(&p->sched) || p->stopping)
        return false;
    struct list *node = list_first(&p->idle);
    if (node) {
        list_remove(node);
        *ret_wake = LIST_ENTRY(node, struct worker, in_pool);
        return false;
    }
    if (p->workers >= p->options.max_workers)
        return false;
    p->workers++;
    return true;
}

/* Waits for work. False: there was none for long enough, or the pool stops; the worker is in no list then. */
static bool wait_locked(struct worker *w) {
    struct pool *p = w->pool;
    if (p->stopping)
        return false;
    list_push_front(&p->idle, &w->in_pool);
    pthread_mutex_unlock(&p->lock);
    bool woken = thread_wait_until(&w->wake, clock_now_ms() + p->options.idle_timeout_ms);
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

/* Runs the item without the lock. Before that, the next worker is woken if there is more to do: so a batch wakes as
 * many as it needs, one after the other, and whoever submitted it wakes one only. */
static void run_item_locked(struct worker *w, struct sched_batch *picked, size_t index) {
    struct pool *p = w->pool;
    struct batch *b = LIST_ENTRY(picked, struct batch, sched);
    struct worker *wake;
    list_push_back(&b->running, &w->in_batch);
    bool start = worker_want_locked(p, &wake);
    pthread_mutex_unlock(&p->lock);
    worker_wake(p, wake, start);
    b->ops->run(b, index);
    pthread_mutex_lock(&p->lock);
    list_remove(&w->in_batch);
    sched_finish(&p->sched, picked);
    if (!batch_count_finished_locked(b, 1))
        return;
    pthread_mutex_unlock(&p->lock);
    batch_finish(b);
    pthread_mutex_lock(&p->lock);
}

static void *worker_main(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    w->thread = pthread_self();
    do {
        size_t index;
        struct sched_batch *picked;
        while ((picked = sched_pick(&p->sched, &index)) != NULL)
            run_item_locked(w, picked, index);
    } while (wait_locked(w));
    list_push_back(&p->left, &w->in_pool);
    p->workers--;
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

static void count_failed_start_locked(struct pool *p) {
    p->workers--;
    if (pool_is_empty_locked(p))
        sem_post(&p->empty);
    else if (p->workers == 0 && !p->stopping)
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
    size_t workers = p->workers;
    pthread_mutex_unlock(&p->lock);
    if (tell && p->options.no_thread)
        p->options.no_thread(workers);
}

void worker_wake(struct pool *p, struct worker *wake, bool start) {
    if (wake)
        sem_post(&wake->wake);
    if (start)
        start_or_retry(p);
}

void worker_retry_start(void *pool) {
    struct pool *p = pool;
    struct worker *wake;
    pthread_mutex_lock(&p->lock);
    bool start = worker_want_locked(p, &wake);
    pthread_mutex_unlock(&p->lock);
    worker_wake(p, wake, start);
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
