/* An absolute limit for the time that a request may take to come.
 *
 * libmicrohttpd's own time-out is one of inactivity: a byte now and then defeats it. Here each connection has a clock
 * that runs from its start, or from the end of its last request, until the next request is there whole. When it is
 * over, the connection is shut down.
 */
#ifndef FETCHPOOL_API_CONNECTION_H
#define FETCHPOOL_API_CONNECTION_H

#include "base/timers.h"

#include <stdint.h>

struct connection;

/* Its clock runs. NULL when memory ran out: then only inactivity ends the connection. `timers` is borrowed. */
struct connection *connection_create(struct timers *timers, int fd, int64_t limit_ms);

/* Before the descriptor is closed. Accepts NULL. */
void connection_destroy(struct connection *c);

/* Starts the clock anew. Accepts NULL. */
void connection_arm(struct connection *c);

/* Stops the clock: the request is there, now it is ours to answer. Accepts NULL. */
void connection_disarm(struct connection *c);

#endif
