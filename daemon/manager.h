/* What the service manager is told while the daemon runs: a line for people when it has changed, and, if the manager
 * has a watchdog, that all is well.
 *
 * A thread begins a look every few seconds and judges what came of the one before. All is well when the timers' thread
 * has looked at the pool, the pool moves (daemon/watchdog.h), and each front-end thread has given a sign of life. What
 * does not is logged, and the manager is told nothing until it does again. */
#ifndef FETCHPOOL_DAEMON_MANAGER_H
#define FETCHPOOL_DAEMON_MANAGER_H

#include "api/server.h"
#include "base/err.h"
#include "base/timers.h"
#include "pool/pool.h"

#include <stdint.h>

struct manager;

/* All borrowed until manager_stop, the pool and the timers until manager_destroy. */
struct manager_options {
    struct timers *timers;
    struct pool *pool;
    struct api *api;
};

/* Starts the thread. Without a service manager there is none, and `*ret_manager` is NULL, which the functions below
 * accept. ERR_NOMEM, ERR_THREAD. */
enum err manager_start(const struct manager_options *options, struct manager **ret_manager) ERR_MUST_CHECK;

/* The daemon answers requests. */
void manager_ready(struct manager *m);

/* The settings are being read; then: they were, or `error` says in one line why not. */
void manager_reloading(struct manager *m);
void manager_reloaded(struct manager *m, const char *error);

/* The end has begun, or gone on, and takes so long at the most. */
void manager_stopping(struct manager *m, int64_t within_ms);

/* Ends the thread: nothing is told any more. */
void manager_stop(struct manager *m);

/* After pool_destroy. */
void manager_destroy(struct manager *m);

#endif
