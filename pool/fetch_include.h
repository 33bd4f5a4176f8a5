/* Which extra parts of a response are wanted: a set, and the names it has in the API and on the command line. */
#ifndef FETCHPOOL_POOL_FETCH_INCLUDE_H
#define FETCHPOOL_POOL_FETCH_INCLUDE_H

#include <stddef.h>

enum fetch_include {
    FETCH_INCLUDE_HEADERS = 1 << 0,
    FETCH_INCLUDE_BODY = 1 << 1,
    FETCH_INCLUDE_TIMINGS = 1 << 2,
    FETCH_INCLUDE_REDIRECTS = 1 << 3,
    FETCH_INCLUDE_CONNECTION = 1 << 4,
    FETCH_INCLUDE_ATTEMPTS = 1 << 5,
    FETCH_INCLUDE_TLS = 1 << 6,
    FETCH_INCLUDE_SHA256 = 1 << 7,
};

/* All names, for messages. */
#define FETCH_INCLUDE_NAMES "headers, body, timings, redirects, connection, tls, sha256, attempts"

/* The part of that name, or 0. `len` bytes of `name` count. */
unsigned fetch_include_find(const char *name, size_t len);

/* The name of one part; static. */
const char *fetch_include_name(unsigned part);

#endif
