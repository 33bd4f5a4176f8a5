/* Why a fetch has no response: the closed list that callers of the API see as `error_code`. The results of a newer
 * daemon may have others; where they are read these get the numbers behind the list. */
#ifndef FETCHPOOL_POOL_FETCH_ERROR_H
#define FETCHPOOL_POOL_FETCH_ERROR_H

#include <stddef.h>

enum fetch_error {
    FETCH_OK = 0,
    FETCH_INVALID_URL,
    FETCH_UNSUPPORTED_SCHEME,
    FETCH_BLOCKED,
    FETCH_DNS,
    FETCH_CONNECT,
    FETCH_CONNECT_TIMEOUT,
    FETCH_TIMEOUT,
    FETCH_TLS,
    FETCH_TLS_VERIFY,
    FETCH_TOO_MANY_REDIRECTS,
    FETCH_TOO_LARGE,
    FETCH_EMPTY_REPLY,
    FETCH_SEND,
    FETCH_RECV,
    FETCH_HTTP2,
    FETCH_DECODE,
    FETCH_PROTOCOL,
    FETCH_DEADLINE,
    FETCH_CANCELLED,
    FETCH_QUEUE_FULL,
    FETCH_HOST_PAUSED,
    FETCH_SHUTDOWN,
    FETCH_INTERNAL,
    FETCH_ERROR_COUNT,
};

/* How many others there may be, and with them. */
enum { FETCH_ERROR_OTHERS = 64, FETCH_ERROR_NUMBERS = FETCH_ERROR_COUNT + FETCH_ERROR_OTHERS };

enum { FETCH_ERROR_NAME_BYTES = 65 };

/* The name in the API, "dns"; static. "" for FETCH_OK. */
const char *fetch_error_name(enum fetch_error error);

/* The error of that name. One that is not in the list gets a number, which it keeps until the process ends. FETCH_OK:
 * it has other characters than [a-z0-9_], is longer than 64 of them, or there have been too many others. Only one
 * thread may call it; the number may be handed to another one, which may ask for its name. */
enum fetch_error fetch_error_learn(const char *name, size_t len);

/* A phrase for people, for when nothing more exact is known; static. Of the list only. */
const char *fetch_error_phrase(enum fetch_error error);

#endif
