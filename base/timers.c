#include "base/timers.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/thread.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>

struct timers {
    pthread_t thread;
    sem_t wake;           /* posted when the earliest time changed or the thread shall end */
    sem_t idle;           /* posted once for each canceller when the call that runs has returned */
    pthread_mutex_t lock; /* guards all below */
    struct heap heap;
    struct timer_event *running; /* its function is being called now */
    unsigned cancellers;         /* threads that wait for `idle` */
    bool stopping;
};

static struct timer_event *take_due_locked(struct timers *t, int64_t *ret_next_ms) {
    struct heap_node *node = heap_first(&t->heap);
    *ret_next_ms = node ? node->due_ms : CLOCK_NEVER;
    if (!node || node->due_ms > clock_now_ms())
        return NULL;
    heap_remove(&t->heap, node);
    return LIST_ENTRY(node, struct timer_event, node);
}

/* The event may be freed by its own function, so it is not touched after the call. */
static void call_event(struct timers *t, struct timer_event *e) {
    void (*call)(void *arg) = e->call;
    void *arg = e->arg;
    t->running = e;
    pthread_mutex_unlock(&t->lock);
    call(arg);
    pthread_mutex_lock(&t->lock);
    t->running = NULL;
    for (; t->cancellers > 0; t->cancellers--)
        sem_post(&t->idle);
}

static void *timers_main(void *arg) {
    struct timers *t = arg;
    pthread_mutex_lock(&t->lock);
    while (!t->stopping) {
        int64_t next_ms;
        struct timer_event *e = take_due_locked(t, &next_ms);
        if (e) {
            call_event(t, e);
            continue;
        }
        pthread_mutex_unlock(&t->lock);
        (void)thread_wait_until(&t->wake, next_ms); /* either way the heap is looked at again */
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void free_timers(struct timers *t) {
    pthread_mutex_destroy(&t->lock);
    sem_destroy(&t->wake);
    sem_destroy(&t->idle);
    free(t);
}

enum err timers_create(struct timers **ret_timers) {
    struct timers *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    pthread_mutex_init(&t->lock, NULL);
    sem_init(&t->wake, 0, 0);
    sem_init(&t->idle, 0, 0);
    heap_init(&t->heap);
    enum err err = thread_start("fp-timer", timers_main, t, false, &t->thread);
    if (err) {
        free_timers(t);
        return err;
    }
    *ret_timers = t;
    return ERR_NONE;
}

void timers_destroy(struct timers *t) {
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_mutex_unlock(&t->lock);
    sem_post(&t->wake);
    (void)pthread_join(t->thread, NULL);
    free_timers(t);
}

void timer_event_init(struct timer_event *e, void (*call)(void *arg), void *arg) {
    *e = (struct timer_event){.call = call, .arg = arg};
}

void timers_set(struct timers *t, struct timer_event *e, int64_t due_ms) {
    pthread_mutex_lock(&t->lock);
    heap_remove(&t->heap, &e->node);
    e->node.due_ms = due_ms;
    heap_push(&t->heap, &e->node);
    bool earliest = heap_first(&t->heap) == &e->node;
    pthread_mutex_unlock(&t->lock);
    if (earliest)
        sem_post(&t->wake);
}

/* The function may set its event again while it runs, hence the second look. */
void timers_cancel(struct timers *t, struct timer_event *e) {
    for (;;) {
        pthread_mutex_lock(&t->lock);
        heap_remove(&t->heap, &e->node);
        bool wait = t->running == e && !pthread_equal(pthread_self(), t->thread);
        if (wait)
            t->cancellers++;
        pthread_mutex_unlock(&t->lock);
        if (!wait)
            return;
        thread_wait(&t->idle);
    }
}
