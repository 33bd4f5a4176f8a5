/* A task of no work that goes through the pool like any other: that it comes back shows that the pool takes work, finds
 * a worker for it, or starts one, and is through with it. It has a turn of its own among the callers, so it is there
 * within one round however much waits. */
#ifndef FETCHPOOL_POOL_SCOUT_H
#define FETCHPOOL_POOL_SCOUT_H

#include "pool/pool.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Stands inside the object of whoever sends it. Private. */
struct scout {
    struct batch batch;
    struct pool *pool;
    bool was_sent;
    atomic_bool is_in;
};

/* The pool is borrowed. */
void scout_init(struct scout *p, struct pool *pool);

/* It is not in the pool, or the pool is gone. */
void scout_fini(struct scout *p);

/* Sends it, if it is not in the pool. False: the pool takes nothing more, or lacks memory. One thread at a time. */
bool scout_send(struct scout *p);

/* Whether it was sent and has not come back. Any thread. */
bool scout_is_in(const struct scout *p);

/* Has it come back soon, unless a worker that runs it is stuck. Not while it is sent. */
void scout_recall(struct scout *p);

#endif
