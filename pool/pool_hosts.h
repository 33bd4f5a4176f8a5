/* The hosts of a pool, for people who look after them: what runs and waits there, and what was set by hand.
 *
 * Names are as in URLs, in lower case, without brackets and without a dot at the end (url_check_host). */
#ifndef FETCHPOOL_POOL_POOL_HOSTS_H
#define FETCHPOOL_POOL_POOL_HOSTS_H

#include "base/err.h"
#include "base/heap.h"
#include "pool/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_HOST_DEFAULT = SCHED_HOST_DEFAULT }; /* the settings hold, not what was set by hand */

struct pool_host {
    char name[SCHED_HOST_NAME_BYTES];
    size_t running;
    size_t waiting;
    int64_t max_concurrent; /* in force */
    int64_t delay_ms;       /* in force */
    bool max_concurrent_by_hand;
    bool delay_by_hand;
    int64_t paused_until_ms; /* monotonic; 0: it is not paused; CLOCK_NEVER: until it is resumed */
    struct heap_node rank;   /* private */
};

/* What is to be set; what is not marked stays as it is. */
struct pool_host_change {
    bool set_pause;
    bool set_max_concurrent;
    bool set_delay;
    int64_t paused_until_ms; /* monotonic; 0: resumed; CLOCK_NEVER: until it is resumed */
    int64_t max_concurrent;  /* at least 1, or POOL_HOST_DEFAULT */
    int64_t delay_ms;        /* or POOL_HOST_DEFAULT */
};

/* Of a host that nothing is known of: what would hold for it. Any thread. */
void pool_find_host(struct pool *p, const char *name, struct pool_host *ret_host);

/* Up to `limit` (at least 1) of the hosts that are known, those with the most items running and waiting first, and how
 * many there are. The pool goes on meanwhile: hosts that come or go may be missed. Any thread. */
void pool_list_hosts(struct pool *p, size_t limit, struct pool_host ret_hosts[], size_t *ret_count, size_t *ret_total);

/* For pool_set_limits. */
void pool_hosts_set_options(struct pool *p, const struct sched_options *options);

/* Changes all or, on an error, nothing, and tells how the host is then. What runs goes on; what waits starts as soon as
 * it may, and ends as FETCH_HOST_PAUSED when its batch has no time for that. ERR_FULL: too many hosts are remembered.
 * ERR_NOMEM. Any thread. */
enum err pool_set_host(struct pool *p, const char *name, const struct pool_host_change *change,
                       struct pool_host *ret_host) ERR_MUST_CHECK;

#endif
