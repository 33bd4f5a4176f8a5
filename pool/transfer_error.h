/* Why a hop failed, told as a fetch_error: from libcurl's code, from where the transfer stood, and from what our
 * callbacks decided. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_TRANSFER_ERROR_H
#define FETCHPOOL_POOL_TRANSFER_ERROR_H

#include "pool/fetch_result.h"
#include "pool/transfer.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Why one of the transfer's callbacks ended it. */
enum transfer_stop {
    TRANSFER_STOP_NONE,
    TRANSFER_STOP_BLOCKED,
    TRANSFER_STOP_TOO_LARGE,
    TRANSFER_STOP_DECODE,
    TRANSFER_STOP_UNKNOWN_CODING,
    TRANSFER_STOP_TOO_MANY_HEADERS,
    TRANSFER_STOP_HEADERS_TOO_LARGE,
    TRANSFER_STOP_TOO_MANY_INTERIM,
    TRANSFER_STOP_BAD_VERSION,
    TRANSFER_STOP_NO_HTTP2,
    TRANSFER_STOP_BAD_HEADER,
    TRANSFER_STOP_BAD_LENGTH,
    TRANSFER_STOP_TRANSFER_CODING,
    TRANSFER_STOP_TOO_SLOW,
    TRANSFER_STOP_REDIRECT_BODY, /* not a failure: the redirect's body was not wanted */
    TRANSFER_STOP_SWITCHED,      /* not a failure: a 101, and what follows is no HTTP */
    TRANSFER_STOP_NO_DESCRIPTOR,
    TRANSFER_STOP_SENT_AGAIN, /* libcurl was about to send a request again that may have been carried out */
    TRANSFER_STOP_NOMEM,
};

/* All is borrowed. */
struct transfer_failure {
    CURL *easy;
    CURLcode code; /* not CURLE_OK */
    const struct transfer_request *request;
    const struct transfer_setup *setup;
    enum transfer_stop stop;
    bool response_began; /* with a status line */
    const char *text;    /* libcurl's own words, may be empty */
};

/* Makes the result a failure: the time was over before the host was looked up. */
void transfer_error_tell_slow_lookup(const struct transfer_request *request, struct fetch_result *result);

/* Makes the result a failure. */
void transfer_error_tell(const struct transfer_failure *f, struct fetch_result *result);

#endif
