/* Where the connections of one transfer pass the guard: before one is made, before a request goes over it, and again
 * when the rules change under a request. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_GATE_H
#define FETCHPOOL_POOL_GATE_H

#include "pool/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* `refused` may be read: a connection was not let through, and so no other one is. The rest is private. */
struct gate {
    struct guard *guard;
    const char *host;
    struct endpoint peer; /* that was let through last */
    uint64_t serial;      /* of the guard when it was judged */
    bool has_peer;
    bool refused;
};

/* Both are borrowed. */
static inline struct gate gate_of(struct guard *guard, const char *host) {
    return (struct gate){.guard = guard, .host = host};
}

/* Whether a connection to that address may be made. */
bool gate_admits(struct gate *g, const struct sockaddr *address, socklen_t len);

/* Whether a request may go over a connection to that address. */
bool gate_admits_text(struct gate *g, const char *address, int port);

/* Whether what was let through last may go on. Costs next to nothing while the rules stay. */
bool gate_still_admits(struct gate *g);

#endif
