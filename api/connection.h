/* The clock of a client's connection: absolute limits, where libmicrohttpd knows only inactivity, which a byte now and
 * then defeats.
 *
 * A connection waits for a header, receives a body, is ours to answer, or is being sent an answer. The first two end at
 * a fixed time, whatever comes; the last when the client does not take what waits for it (api/read_speed.h). Then the
 * connection is shut down, and the front end sees the end of the stream. The timer is seldom moved: when it rings too
 * early it is set anew.
 */
#ifndef FETCHPOOL_API_CONNECTION_H
#define FETCHPOOL_API_CONNECTION_H

#include "api/clients.h"
#include "api/read_speed.h"
#include "base/timers.h"

#include <stdbool.h>
#include <stdint.h>

struct api;

struct connection_limits {
    int64_t header_ms; /* from the start of a connection to its first header */
    int64_t idle_ms;   /* from the end of a request to the next header */
    int64_t body_ms;   /* from the header to the end of the body */
    struct read_speed_limits read_speed;
};

struct connection_options {
    struct api *api;                 /* for connection_api only */
    struct timers *timers;           /* borrowed */
    struct connection_limits limits; /* of time */
    int fd;
    bool is_local; /* a Unix socket */
    struct clients_pass pass;
};

struct connection;

/* Waits for its first header. NULL when memory ran out. */
struct connection *connection_create(const struct connection_options *options);

/* Before the descriptor is closed; gives out the pass. */
struct clients_pass connection_destroy(struct connection *c);

/* A request is over: the next header may come. */
void connection_await_header(struct connection *c);

/* The header is there. */
void connection_await_body(struct connection *c);

/* The request is there whole, now it is ours to answer: no limit. */
void connection_work(struct connection *c);

/* There is an answer to be read. */
void connection_send(struct connection *c);

struct api *connection_api(const struct connection *c);
bool connection_is_local(const struct connection *c);

/* How it was let in: a connection beyond a limit gets a refusal instead of its answer. */
enum clients_verdict connection_verdict(const struct connection *c);

#endif
