#include "pool/fetch_error.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    const char *phrase;
} fetch_errors[FETCH_ERROR_COUNT] = {
    [FETCH_OK] = {"", ""},
    [FETCH_INVALID_URL] = {"invalid_url", "not a valid URL"},
    [FETCH_UNSUPPORTED_SCHEME] = {"unsupported_scheme", "only http and https are fetched"},
    [FETCH_BLOCKED] = {"blocked", "the address of this host may not be fetched"},
    [FETCH_DNS] = {"dns", "the host name could not be resolved"},
    [FETCH_CONNECT] = {"connect", "no connection"},
    [FETCH_CONNECT_TIMEOUT] = {"connect_timeout", "connecting took too long"},
    [FETCH_TIMEOUT] = {"timeout", "timed out"},
    [FETCH_TLS] = {"tls", "the TLS handshake failed"},
    [FETCH_TLS_VERIFY] = {"tls_verify", "the server's certificate is not valid"},
    [FETCH_TOO_MANY_REDIRECTS] = {"too_many_redirects", "too many redirects"},
    [FETCH_TOO_LARGE] = {"too_large", "the body is larger than max_size"},
    [FETCH_EMPTY_REPLY] = {"empty_reply", "the server closed the connection without a reply"},
    [FETCH_SEND] = {"send", "the request could not be sent"},
    [FETCH_RECV] = {"recv", "the response could not be received whole"},
    [FETCH_HTTP2] = {"http2", "an error in the HTTP/2 layer"},
    [FETCH_DECODE] = {"decode", "the body's content encoding is broken"},
    [FETCH_PROTOCOL] = {"protocol", "the server did not answer with valid HTTP"},
    [FETCH_DEADLINE] = {"deadline", "not done before the deadline of the batch"},
    [FETCH_CANCELLED] = {"cancelled", "cancelled"},
    [FETCH_QUEUE_FULL] = {"queue_full", "the queue is full"},
    [FETCH_HOST_PAUSED] = {"host_paused", "the host is paused"},
    [FETCH_SHUTDOWN] = {"shutdown", "the service is shutting down"},
    [FETCH_INTERNAL] = {"internal", "internal error"},
};

/* An unused place has no name. */
static char others[FETCH_ERROR_OTHERS][FETCH_ERROR_NAME_BYTES];

const char *fetch_error_name(enum fetch_error error) {
    return error < FETCH_ERROR_COUNT ? fetch_errors[error].name : others[error - FETCH_ERROR_COUNT];
}

static bool is_name(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9') && text[i] != '_')
            return false;
    return len > 0 && len < FETCH_ERROR_NAME_BYTES;
}

enum fetch_error fetch_error_learn(const char *name, size_t len) {
    if (!is_name(name, len))
        return FETCH_OK;
    int i = FETCH_OK + 1;
    for (; i < FETCH_ERROR_NUMBERS && *fetch_error_name((enum fetch_error)i); i++)
        if (strlen(fetch_error_name((enum fetch_error)i)) == len &&
            memcmp(fetch_error_name((enum fetch_error)i), name, len) == 0)
            return (enum fetch_error)i;
    if (i == FETCH_ERROR_NUMBERS)
        return FETCH_OK;
    memcpy(others[i - FETCH_ERROR_COUNT], name, len);
    return (enum fetch_error)i;
}

const char *fetch_error_phrase(enum fetch_error error) {
    return fetch_errors[error].phrase;
}
