/* What the watchdog thinks of the pool: a scout goes through it, and where the scout waits the pool must have moved
 * meanwhile, or be right to stand still.
 *
 * Looks are some seconds apart. One thread at a time. */
#ifndef FETCHPOOL_DAEMON_WATCHDOG_H
#define FETCHPOOL_DAEMON_WATCHDOG_H

#include "pool/pool_progress.h"
#include "pool/scout.h"

#include <stdbool.h>

/* Stands inside the object of whoever looks. Private. */
struct watchdog {
    struct scout scout;
    struct pool_progress before;
    bool has_looked;
    bool has_sent; /* the scout, at the look before */
};

/* The pool is borrowed. */
void watchdog_init(struct watchdog *w, struct pool *pool);

/* The pool is gone, or the scout was recalled and is back. */
void watchdog_fini(struct watchdog *w);

/* Judges the time since the look before, and sends the scout again when it is back. */
enum pool_motion watchdog_look(struct watchdog *w, const struct pool_progress *now);

/* There will be no look any more. */
void watchdog_end(struct watchdog *w);

#endif
