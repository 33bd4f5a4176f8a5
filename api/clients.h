/* Who may connect: how many clients at once, and how many from one address.
 *
 * Beyond the limits a few more are let in, so that they can be told; beyond these the socket is closed. An address of
 * IPv6 counts with its network (/64), which one client may well have to itself; Unix sockets have none. */
#ifndef FETCHPOOL_API_CLIENTS_H
#define FETCHPOOL_API_CLIENTS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum clients_verdict {
    CLIENTS_OPEN,
    CLIENTS_FULL,    /* there are as many clients as there may be */
    CLIENTS_CROWDED, /* there are as many from this address */
};

struct clients_options {
    size_t max;
    size_t max_per_address; /* 0: as many as there may be */
    size_t spare;           /* let in beyond, to be refused */
};

struct clients;
struct clients_address;

/* What a client that was let in holds, until clients_leave. */
struct clients_pass {
    enum clients_verdict verdict;
    struct clients_address *address; /* NULL: it is not counted for one */
};

/* ERR_NOMEM. */
enum err clients_create(const struct clients_options *options, struct clients **ret_clients) ERR_MUST_CHECK;

/* Everybody has left. Accepts NULL. */
void clients_destroy(struct clients *c);

/* Whether a client may be let in at all. `address` may be NULL. Any thread. */
bool clients_knock(struct clients *c, const struct sockaddr *address);

/* Lets a client in. When memory runs out it is not counted for its address. Any thread. */
struct clients_pass clients_enter(struct clients *c, const struct sockaddr *address);
void clients_leave(struct clients *c, struct clients_pass pass);

/* Whether nobody is in. Any thread. */
bool clients_are_none(struct clients *c);

/* Nothing but uint64_t. */
struct clients_stats {
    uint64_t inside;   /* now, within the limits */
    uint64_t beyond;   /* now, only to be refused */
    uint64_t entered;  /* since the start, within the limits */
    uint64_t full;     /* refused since the start, because there were too many */
    uint64_t crowded;  /* ... because there were too many from their address */
    uint64_t shut_out; /* closed at once, as there were too many to be told */
};

/* Without a lock. Any thread. */
void clients_read_stats(const struct clients *c, struct clients_stats *ret_stats);

/* From now on so many from one address at most; who is inside stays. Any thread. */
void clients_limit_addresses(struct clients *c, size_t max_per_address);

/* Whether it is time to log that clients are refused: once, and again after a minute. Any thread. */
bool clients_should_tell(struct clients *c, int64_t now_ms);

#endif
