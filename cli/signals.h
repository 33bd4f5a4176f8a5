/* Signals that end fetchpool: taken by a thread of its own, so that a write that hangs does not keep them away. */
#ifndef FETCHPOOL_CLI_SIGNALS_H
#define FETCHPOOL_CLI_SIGNALS_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>

struct signals {
    pthread_t thread;
    void (*told)(void *arg); /* at the first signal */
    void *arg;
    atomic_int number; /* the first signal that came, or 0 */
    atomic_bool ended;
};

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGWINCH for the threads that are made from now on, and for this one. Those that
 * the shell has set to be ignored stay so. */
void signals_block(void);

/* From now on the first of these signals calls `told(arg)` in a thread of its own, and the second ends the process at
 * once. After signals_block. ERR_THREAD, ERR_NOMEM. */
enum err signals_start(struct signals *s, void (*told)(void *arg), void *arg) ERR_MUST_CHECK;

/* `told` will not be called any more. */
void signals_stop(struct signals *s);

/* The signal that came first, or 0. Any thread. */
int signals_number(struct signals *s);

#endif
