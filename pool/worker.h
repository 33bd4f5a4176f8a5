/* The threads of the pool: starting, waking, running, leaving. Used by pool.c and pool_hosts.c only. */
#ifndef FETCHPOOL_POOL_WORKER_H
#define FETCHPOOL_POOL_WORKER_H

#include "pool/pool_state.h"

#include <stdbool.h>

/* Pauses the host that `next` names, if any, once. A pause that there is no memory for is not kept. */
void worker_pause_host_locked(struct pool *p, struct batch_next *next);

/* Unlocks the pool after the scheduler has changed: sees to the next wake, and to one more worker if one is wanted.
 * When no thread can be had, those that are there do the work; with none at all the start is tried again shortly. */
void worker_unlock(struct pool *p);

/* Timer function of `wake`; `pool` is a struct pool. */
void worker_wake_sched(void *pool);

/* Timer function of `retry`; `pool` is a struct pool. */
void worker_retry_start(void *pool);

/* Makes all workers leave and waits until they have. */
void worker_stop_all(struct pool *p);

#endif
