/* The threads of the pool, and what they share with it. Used by pool.c and worker.c only. */
#ifndef FETCHPOOL_POOL_WORKER_H
#define FETCHPOOL_POOL_WORKER_H

#include "base/list.h"
#include "base/timers.h"
#include "pool/pool.h"
#include "pool/sched.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

struct pool {
    struct pool_options options;
    sem_t empty;              /* posted when the last worker leaves a stopping pool */
    struct timer_event retry; /* tries again to start a worker when there is none */
    pthread_mutex_t lock;     /* guards all below, and the private fields of batches */
    struct sched sched;
    struct list batches; /* that are not done */
    struct list idle;    /* workers that wait, the last one to come in front */
    struct list left;    /* workers whose thread has ended or is about to, to be joined */
    size_t workers;      /* started, or about to be, and not left */
    bool closed;
    bool stopping;
};

struct worker {
    pthread_t thread;
    struct pool *pool;
    sem_t wake;           /* posted by whoever took it out of `idle` */
    struct list in_pool;  /* of `idle` or `left` */
    struct list in_batch; /* of the batch whose item it runs */
};

/* Whether one more worker is wanted for what can be picked: an idle one is taken out into `*ret_wake`, or true: one is
 * to be started and is counted already. To be followed by worker_wake without the lock. */
bool worker_want_locked(struct pool *p, struct worker **ret_wake);

/* Does what worker_want_locked has decided. When no thread can be had, those that are there do the work; with none at
 * all the start is tried again shortly. */
void worker_wake(struct pool *p, struct worker *wake, bool start);

/* Timer function of `retry`; `pool` is a struct pool. */
void worker_retry_start(void *pool);

/* Makes all workers leave and waits until they have. */
void worker_stop_all(struct pool *p);

/* In pool.c: counts items as finished, true when the batch is done and pool_finish_batch has to be called without the
 * lock. */
bool pool_count_finished_locked(struct batch *b, size_t count);
void pool_finish_batch(struct batch *b);

#endif
