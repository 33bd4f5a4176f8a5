/* A small web server on the loopback for tests of fetching: it answers each path as its routes say, byte for byte. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_ORIGIN_H
#define FETCHPOOL_TESTS_UNIT_UNIT_ORIGIN_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

enum { UNIT_ORIGIN_CONNECTIONS = 128, UNIT_ORIGIN_REQUESTS = 512, UNIT_ORIGIN_REQUEST_BYTES = 2048 };

/* What follows the answer. */
enum unit_then {
    UNIT_THEN_KEEP, /* the next request */
    UNIT_THEN_CLOSE,
    UNIT_THEN_HOLD, /* nothing: the client has to leave */
};

struct unit_route {
    const char *path;
    const char *answer;  /* NULL: none */
    size_t answer_bytes; /* 0: it is a text */
    enum unit_then then;
    bool waits; /* for `go` before it answers */
    bool opens; /* posts `go` once it has answered */
    bool fresh; /* answers the first request of a connection only: at another one it closes it instead */
};

struct unit_origin;

struct unit_connection {
    struct unit_origin *origin;
    pthread_t thread;
    int fd;
};

/* `arrived`, `left` and `go` may be used by the test, the rest is private. A path without a route gets a 404. What does
 * not look like HTTP has its connection closed. */
struct unit_origin {
    const struct unit_route *routes; /* up to the first without a path */
    sem_t arrived;                   /* posted by each request that is whole */
    sem_t left;                      /* posted when the client of a held answer has left */
    sem_t go;                        /* taken by each answer that waits */
    int fd;
    int port;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    size_t connection_count;
    struct unit_connection connections[UNIT_ORIGIN_CONNECTIONS];
    size_t request_count;
    char (*requests)[UNIT_ORIGIN_REQUEST_BYTES]; /* UNIT_ORIGIN_REQUESTS of them */
    size_t answering;
    size_t most_answering;
};

void unit_origin_start(struct unit_origin *o, const struct unit_route *routes);
void unit_origin_stop(struct unit_origin *o);

/* The URL of a path. It stands until 16 more were made. */
const char *unit_origin_url(const struct unit_origin *o, const char *path);

/* Requests so far, and each as it came: its head, and its body as far as there is room. */
size_t unit_origin_requests(struct unit_origin *o);
const char *unit_origin_request(struct unit_origin *o, size_t index);

size_t unit_origin_connections(struct unit_origin *o);

/* The most requests that were there at once and not answered yet. */
size_t unit_origin_most_answering(struct unit_origin *o);

#endif
