/* Why a fetch has no response: the closed list that callers of the API see as `error_code`. */
#ifndef FETCHPOOL_POOL_FETCH_ERROR_H
#define FETCHPOOL_POOL_FETCH_ERROR_H

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

/* The name in the API, "dns"; static. "" for FETCH_OK. */
const char *fetch_error_name(enum fetch_error error);

/* A phrase for people, for when nothing more exact is known; static. */
const char *fetch_error_phrase(enum fetch_error error);

#endif
