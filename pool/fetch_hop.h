/* The requests of a fetch one by one, its redirects included, as exports show them. They are kept for who asks for them
 * (fetch_request.keeps_hops) and cost nothing else. */
#ifndef FETCHPOOL_POOL_FETCH_HOP_H
#define FETCHPOOL_POOL_FETCH_HOP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One request and what came of it. Times of the clock are monotonic. */
struct fetch_hop {
    char *url;            /* without user information; owned */
    const char *method;   /* static */
    const char *body;     /* that was to be sent, of the options; NULL: none */
    size_t body_bytes;    /* of it */
    struct buf request;   /* the head as it was sent, up to the empty line; empty: nothing was sent */
    struct buf response;  /* the head as it came, the same; empty: none came whole */
    int status;           /* 0: none */
    int64_t length_bytes; /* of the response's body as it came, encoded or not */
    char remote_ip[64];   /* "" when there was no connection */
    int local_port;       /* of the connection; tells one from another */
    bool was_connected;   /* over a connection that was there before */
    bool is_followed;     /* it was a redirect, and the next request, or what spoke against it, came of that */
    int64_t started_us;   /* when it was its turn */
    int64_t lookup_us;    /* that looking its host up took */
    int64_t performed_us; /* when libcurl had it; 0: never */
    int64_t ended_us;

    /* Since `performed_us`, as curl_easy_getinfo(3) has them; 0: it did not come so far. */
    int64_t connect_us;
    int64_t appconnect_us;
    int64_t pretransfer_us;
    int64_t starttransfer_us;
};

/* In the order in which they were made. */
struct fetch_hops {
    struct fetch_hop *items;
    size_t count;
};

/* Adds a hop that starts now, and gives it out until the next is added; copies `url`. ERR_NOMEM. */
enum err fetch_hops_add(struct fetch_hops *hops, const char *url, const char *method,
                        struct fetch_hop **ret_hop) ERR_MUST_CHECK;

/* There is one. */
struct fetch_hop *fetch_hops_last(const struct fetch_hops *hops);

/* Frees all; it may be used again. */
void fetch_hops_fini(struct fetch_hops *hops);

/* Where the time of a hop went, one part behind the other: their sum is the whole. As HAR has it, but in microseconds;
 * -1 for what there was no need of. */
struct fetch_hop_phases {
    int64_t blocked_us; /* until there was a handle for it */
    int64_t dns_us;
    int64_t connect_us; /* the handshake of TLS included */
    int64_t ssl_us;     /* that handshake; a part of the one before */
    int64_t send_us;
    int64_t wait_us; /* for the first byte; sending a body is a part of it */
    int64_t receive_us;
};

struct fetch_hop_phases fetch_hop_phases(const struct fetch_hop *hop);

#endif
