/* The HTTP front end: one libmicrohttpd thread for each listening socket.
 *
 * Requests whose answer is not there yet are suspended, so no front-end thread waits for a fetch. */
#ifndef FETCHPOOL_API_SERVER_H
#define FETCHPOOL_API_SERVER_H

#include "api/auth.h"
#include "base/err.h"
#include "base/timers.h"
#include "config/settings_share.h"
#include "pool/fetch.h"
#include "pool/pool.h"

#include <stdbool.h>
#include <stddef.h>

struct api;
struct tls_pair;

/* What the front end works with; all borrowed until api_destroy. */
struct api_options {
    struct settings_share *settings;
    struct pool *pool;
    struct fetcher *fetcher;
    struct timers *timers;
    struct auth *auth;            /* NULL: nobody is asked who they are */
    struct tls_pair *certificate; /* taken, on errors too; TCP sockets speak TLS then. NULL: they do not */
    const int *sockets;           /* bound and listening; closed by whoever opened them, after api_destroy */
    size_t socket_count;
    bool is_watched;            /* api_ask and api_has_answered may be called */
    bool sockets_stay;          /* others listen on them after us: what connects from api_drain on waits for these */
    void (*drained)(void *arg); /* called once after api_drain, by any thread; api_destroy is to follow */
    void *arg;
};

/* So many connections are accepted beyond server.max_connections, to be refused. */
enum { API_SPARE_CONNECTIONS = 64 };

/* Starts to serve. ERR_NOMEM, ERR_LIBRARY. */
enum err api_create(const struct api_options *options, struct api **ret_api) ERR_MUST_CHECK;

/* Shows this certificate from now on, and takes it. False: TLS is spoken and NULL was given, which changes nothing, or
 * it is not spoken and the pair is only freed. One thread at a time. */
bool api_use_certificate(struct api *api, struct tls_pair *pair);

/* What is kept elsewhere follows settings that have come into force. Any thread. */
void api_apply(struct api *api, const struct settings *settings);

/* Closes all connections. Every request must have been answered, as `drained` says, or none have come. Accepts NULL. */
void api_destroy(struct api *api);

/* How far the end has come. */
enum api_stage {
    API_STAGE_SERVING,
    API_STAGE_LEAVING,  /* not ready any more, but work that comes is still done */
    API_STAGE_DRAINING, /* takes no more work (503), lets what runs finish */
    API_STAGE_ENDING,   /* what ran was ended as FETCH_SHUTDOWN */
};

/* Begins the end; each further call cuts short the stage it is in. Answers close their connections from now on, and
 * `drained` is called when every client has its answer.
 *
 * It leaves for server.drain_delay. Where the sockets stay, connections wait there for who comes next, and it leaves
 * until all clients have gone, or a second at least has passed since it last had something to answer. What is not done
 * server.drain_timeout later ends. Any thread. */
void api_drain(struct api *api);

/* Any thread. */
enum api_stage api_stage(const struct api *api);
bool api_is_draining(const struct api *api);

/* Requests that are owed an answer, and batches that go on without theirs. Any thread. */
size_t api_left(struct api *api);

/* Asks each front-end thread for a sign of life. Any thread. */
void api_ask(struct api *api);

/* Whether all have given one since they were asked last. Any thread. */
bool api_has_answered(struct api *api);

#endif
