/* One HTTP request, as handlers see it: what it asks, its body, and how to answer later.
 *
 * A handler either responds at once (api/respond.h) or keeps the request and suspends it: then no front-end thread
 * waits, and after request_resume, which any thread may call, `proceed` is asked to respond or to suspend again. All
 * but request_resume belongs to the front-end thread. libmicrohttpd stays behind this, respond.h and server.h. */
#ifndef FETCHPOOL_API_REQUEST_H
#define FETCHPOOL_API_REQUEST_H

#include "api/auth.h"
#include "api/auth_grant.h"
#include "api/problem.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/settings.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct api;
struct connection;
struct request;
struct route;
struct MHD_Connection;

/* What a handler leaves behind when it does not respond at once. */
struct request_ops {
    /* The request was resumed: respond, or suspend again. */
    void (*proceed)(struct request *r, void *call);
    /* The response was sent or the client is gone; the last call for this request. It is not suspended then. */
    void (*close)(void *call);
};

/* Handlers may read the fields up to `ops`; texts are borrowed until the request ends. */
struct request {
    struct api *api;
    const char *method;
    const char *path;
    const struct settings *settings; /* those in force when it began */
    struct buf body;
    struct auth_pass pass;         /* on what terms it was let in */
    struct auth_rates rates;       /* to be sent with the answer; set by whoever takes of a quota */
    const char *batch_id;          /* the same, of the batch that it is about, or NULL; borrowed until it closes */
    const struct request_ops *ops; /* set by a handler that goes on later, with `call` */
    void *call;
    /* private to server.c, request.c and respond.c */
    struct MHD_Connection *connection;
    struct connection *client;
    size_t target_bytes;        /* of the request line, as it came */
    const char *target_fault;   /* what is wrong with it, or NULL; static */
    const char *version;        /* "HTTP/1.1" */
    const char *allowed_origin; /* "Access-Control-Allow-Origin" of the answer, or NULL */
    const struct route *route;
    struct problem refusal; /* decided before the body came; sent once it has been read */
    size_t discarded_bytes;
    size_t counted_bytes;          /* of the body, in the sum that all requests share */
    _Atomic size_t *all_suspended; /* the number of requests that are */
    bool is_chunked;
    bool has_begun; /* its header is there */
    bool is_open;   /* counted as one that is owed an answer */
    bool closing;   /* the connection is to be closed after the response */
    bool handled;
    bool responded;
    bool suspended;
};

/* Value of the first header of that name, or NULL. */
const char *request_header(const struct request *r, const char *name);

/* Calls `each` for every header in turn. */
void request_headers(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg);

/* The same for what came as headers behind a chunked body. */
void request_trailers(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg);

/* Whether the header, whose fields have been read, is nothing but these: each on one line that ends with CR LF, without
 * a NUL, one space between the parts of the request line. libmicrohttpd before 0.9.77 joins lines, cuts texts at a NUL
 * and takes a bare LF, and does not tell; but its texts stand where they came in, so the gaps between them tell. */
bool request_is_plain(const struct request *r);

/* Calls `each` for every query parameter in turn; `value` is "" when there is none. */
void request_query(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg);

/* Who asks: "token:" and the name of its token; without one, as far as the connection tells, the peer's address, of
 * IPv6 the network (/64) that one peer may well have to itself, "unix" for a Unix socket. */
enum { REQUEST_CALLER_BYTES = 64 };
void request_caller(const struct request *r, char ret_caller[REQUEST_CALLER_BYTES]);

/* The same without a look at the token. */
void request_address(const struct request *r, char ret_address[REQUEST_CALLER_BYTES]);

/* Whether it came over a Unix socket. */
bool request_is_local(const struct request *r);

/* The descriptor of its connection, for api/monitor.h. */
int request_fd(const struct request *r);

/* Sets the request aside. The lock that request_resume is called under must be held, so that it cannot come first. */
void request_suspend(struct request *r);

/* Once for each request_suspend; the request may end before it returns. Any thread. */
void request_resume(struct request *r);

#endif
