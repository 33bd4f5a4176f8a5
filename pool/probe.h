/* A question to a service on this machine, past the guard and the pool. */
#ifndef FETCHPOOL_POOL_PROBE_H
#define FETCHPOOL_POOL_PROBE_H

#include "base/err.h"

#include <stdint.h>

enum { PROBE_ERROR_BYTES = 256 };

struct probe {
    const char *url;
    const char *unix_path; /* the socket to ask at, or NULL */
    int64_t timeout_ms;
};

/* Blocks until `url` was answered with 200. A certificate is not verified: whoever asks his own service at an address
 * knows who answers there. ERR_IO: it was not, in that time; `ret_error` is one line. ERR_NOMEM. Calls
 * curl_global_init and curl_global_cleanup, so no fetcher may be there, and no other thread. */
enum err probe_ask(const struct probe *p, char ret_error[PROBE_ERROR_BYTES]) ERR_MUST_CHECK;

#endif
