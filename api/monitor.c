#include "api/monitor.h"

#include "base/thread.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MONITOR_BUCKETS = 1024, MONITOR_EVENTS = 64, MONITOR_STOP_ID = 0 };

struct monitor {
    pthread_t thread;
    int epoll;
    int stop;             /* an eventfd */
    sem_t idle;           /* posted for a forgetter when the call that runs has returned */
    pthread_mutex_t lock; /* guards all below, and the watches */
    uint64_t last_id;
    const struct monitor_watch *running;            /* its function is being called */
    unsigned forgetters;                            /* threads that wait for `idle` */
    struct monitor_watch *buckets[MONITOR_BUCKETS]; /* by id: an event may come for a watch that is gone */
};

static struct monitor_watch **find_locked(struct monitor *m, uint64_t id) {
    struct monitor_watch **at = &m->buckets[id % MONITOR_BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void handle_event(struct monitor *m, uint64_t id) {
    pthread_mutex_lock(&m->lock);
    struct monitor_watch *w = *find_locked(m, id);
    m->running = w;
    pthread_mutex_unlock(&m->lock);
    if (!w)
        return;
    w->left(w->arg); /* the watch stays: monitor_forget waits for this */
    pthread_mutex_lock(&m->lock);
    m->running = NULL;
    for (; m->forgetters > 0; m->forgetters--)
        sem_post(&m->idle);
    pthread_mutex_unlock(&m->lock);
}

static void *monitor_main(void *arg) {
    struct monitor *m = arg;
    struct epoll_event events[MONITOR_EVENTS];
    for (;;) {
        int n = epoll_wait(m->epoll, events, MONITOR_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.u64 == MONITOR_STOP_ID)
                return NULL;
            handle_event(m, events[i].data.u64);
        }
    }
}

static enum err open_descriptors(struct monitor *m) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = MONITOR_STOP_ID};
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    m->stop = eventfd(0, EFD_CLOEXEC);
    if (m->epoll < 0 || m->stop < 0 || epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->stop, &event) != 0)
        return ERR_IO;
    return ERR_NONE;
}

static void free_monitor(struct monitor *m) {
    if (m->epoll >= 0)
        (void)close(m->epoll);
    if (m->stop >= 0)
        (void)close(m->stop);
    sem_destroy(&m->idle);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

enum err monitor_create(struct monitor **ret_monitor) {
    struct monitor *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    sem_init(&m->idle, 0, 0);
    pthread_mutex_init(&m->lock, NULL);
    enum err err = open_descriptors(m);
    if (!err)
        err = thread_start("fp-monitor", monitor_main, m, false, &m->thread);
    if (err) {
        free_monitor(m);
        return err;
    }
    *ret_monitor = m;
    return ERR_NONE;
}

void monitor_destroy(struct monitor *m) {
    if (!m)
        return;
    (void)eventfd_write(m->stop, 1); /* cannot overflow */
    (void)pthread_join(m->thread, NULL);
    free_monitor(m);
}

void monitor_watch(struct monitor *m, struct monitor_watch *w, int fd, void (*left)(void *arg), void *arg) {
    pthread_mutex_lock(&m->lock);
    *w = (struct monitor_watch){.fd = fd, .id = ++m->last_id, .left = left, .arg = arg};
    *find_locked(m, w->id) = w;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = w->id};
    (void)epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &event); /* see the header */
    pthread_mutex_unlock(&m->lock);
}

static void unlink_locked(struct monitor *m, struct monitor_watch *w) {
    struct monitor_watch **at = find_locked(m, w->id);
    if (!*at)
        return;
    *at = w->next;
    (void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, w->fd, NULL); /* it may not have been added */
}

/* The post may have been meant for another forgetter, hence the second look. */
void monitor_forget(struct monitor *m, struct monitor_watch *w) {
    bool wait = w->id != 0;
    while (wait) {
        pthread_mutex_lock(&m->lock);
        unlink_locked(m, w);
        wait = m->running == w;
        m->forgetters += wait;
        pthread_mutex_unlock(&m->lock);
        if (wait)
            thread_wait(&m->idle);
    }
    w->id = 0;
}
