/* Who may connect: how many clients at once, and how many from one address.
 *
 * Beyond the limits a few more are let in, so that they can be told; beyond these the socket is closed. An address of
 * IPv6 counts with its network (/64), which one client may well have to itself; Unix sockets have none. */
#ifndef FETCHPOOL_API_GATE_H
#define FETCHPOOL_API_GATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum gate_verdict {
    GATE_OPEN,
    GATE_FULL,    /* there are as many clients as there may be */
    GATE_CROWDED, /* there are as many from this address */
};

struct gate_options {
    size_t max;
    size_t max_per_address; /* 0: as many as there may be */
    size_t spare;           /* let in beyond, to be refused */
};

struct gate;
struct gate_address;

/* What a client that was let in holds, until gate_leave. */
struct gate_pass {
    enum gate_verdict verdict;
    struct gate_address *address; /* NULL: it is not counted for one */
};

/* ERR_NOMEM. */
enum err gate_create(const struct gate_options *options, struct gate **ret_gate) ERR_MUST_CHECK;

/* Everybody has left. Accepts NULL. */
void gate_destroy(struct gate *g);

/* Whether a client may be let in at all. `address` may be NULL. Any thread. */
bool gate_knock(struct gate *g, const struct sockaddr *address);

/* Lets a client in. When memory runs out it is not counted for its address. Any thread. */
struct gate_pass gate_enter(struct gate *g, const struct sockaddr *address);
void gate_leave(struct gate *g, struct gate_pass pass);

/* Whether it is time to log that clients are refused: once, and again after a minute. Any thread. */
bool gate_should_tell(struct gate *g, int64_t now_ms);

#endif
