/* What the pool, its workers and its batches share. Used by pool.c, pool_hosts.c, worker.c and
 * batch.c only. */
#ifndef FETCHPOOL_POOL_POOL_STATE_H
#define FETCHPOOL_POOL_POOL_STATE_H

#include "base/clock.h"
#include "base/list.h"
#include "base/timers.h"
#include "pool/pace.h"
#include "pool/pool.h"
#include "pool/sched.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <string.h>

struct pool {
    struct pool_options options; /* its idle time is guarded by the lock; `max_waiting` is below */
    _Atomic size_t max_waiting;  /* changed under the lock, read without, too */
    sem_t empty;                 /* posted when a stopping pool has neither workers nor batches left */
    struct timer_event retry;    /* lets a worker be started again, a little after that failed */
    struct timer_event wake;     /* when the scheduler has something to do */
    struct pool_board board;     /* what is told of `counts`, written under the lock */
    pthread_mutex_t lock;        /* guards all below, and the private fields of batches */
    struct pool_stats counts;    /* `running` counts here what has left the scheduler and is being ended */
    struct sched sched;
    struct pace pace;
    int64_t told_at_us;    /* when `counts` were shown */
    int64_t wake_at_ms;    /* what `wake` is set to */
    struct list batches;   /* that are not done */
    struct list idle;      /* workers that wait, the last one to come in front */
    struct list left;      /* workers whose thread has ended or is about to, to be joined */
    uint64_t steps;        /* starts and ends of items */
    size_t open_batches;   /* whose `done` has not returned */
    size_t scouts;         /* batches that take no place in the queue; their items wait there all the same */
    bool skipping;         /* a worker skips doomed items; it goes on until there are none */
    bool short_of_threads; /* the last start failed */
    bool start_paused;     /* ... just now: none is tried until `retry` */
    bool closed;
    bool stopping;
};

/* Whether the pool is stopping and nothing is left in it. */
static inline bool pool_is_empty_locked(const struct pool *p) {
    return p->stopping && p->counts.workers == 0 && p->open_batches == 0;
}

/* Shows the numbers as they are now. Before the lock is let go of by whoever has changed them. */
static inline void pool_tell_locked(struct pool *p) {
    int64_t now_us = clock_now_us();
    pool_stats_wait(&p->counts, (uint64_t)(now_us - p->told_at_us));
    memcpy(p->counts.waiting_for, p->sched.waits.items, sizeof p->counts.waiting_for);
    p->told_at_us = now_us;
    struct pool_stats told = p->counts;
    told.running += p->sched.running;
    told.waiting = p->sched.waiting;
    pool_board_write(&p->board, &told, now_us);
}

struct worker {
    pthread_t thread;
    struct pool *pool;
    sem_t wake;           /* posted by whoever took it out of `idle` */
    struct list in_pool;  /* of `idle` or `left` */
    struct list in_batch; /* of the batch whose item it runs */
    int64_t due_ms;       /* when that should be over */
};

#endif
