#include "pool/transfer_error.h"

#include <stdio.h>
#include <string.h>

static bool has_time(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value > 0;
}

static void tell_timeout(const struct transfer_request *r, bool looked_up, bool ready, struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    const char *phase = !looked_up ? "looking up" : !ready ? "connecting to" : "waiting for";
    bool connect_clock = !ready && r->connect_timeout_ms < r->timeout_ms;
    double seconds = (double)(connect_clock ? r->connect_timeout_ms : r->whole_timeout_ms) / 1000;
    if (!connect_clock && r->timeout_is_deadline) {
        fetch_result_fail(result, FETCH_DEADLINE, NULL);
        return;
    }
    (void)snprintf(text, sizeof text, "timed out after %.8g s, %s %s", seconds, phase, r->host);
    fetch_result_fail(result, !connect_clock ? FETCH_TIMEOUT : looked_up ? FETCH_CONNECT_TIMEOUT : FETCH_DNS, text);
}

void transfer_error_tell_slow_lookup(const struct transfer_request *request, struct fetch_result *result) {
    tell_timeout(request, false, false, result);
}

static void fail_timeout(const struct transfer_failure *f, struct fetch_result *result) {
    tell_timeout(f->request, has_time(f->easy, CURLINFO_NAMELOOKUP_TIME_T),
                 has_time(f->easy, CURLINFO_PRETRANSFER_TIME_T), result);
}

static void fail_connect(const struct transfer_failure *f, struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    char reason[128];
    long os_errno = 0;
    (void)curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &os_errno);
    const char *why = os_errno ? strerror_r((int)os_errno, reason, sizeof reason) : "refused";
    (void)snprintf(text, sizeof text, "no connection to %s: %s", f->request->authority, why);
    fetch_result_fail(result, FETCH_CONNECT, text);
}

static void fail_dns(const struct transfer_failure *f, struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "the host name %s could not be resolved", f->request->host);
    fetch_result_fail(result, FETCH_DNS, text);
}

/* Whatever became of the connection before a response came: nobody has agreed to HTTP/2. */
static bool is_unknown_http2(const struct transfer_failure *f) {
    switch (f->code) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return f->request->prior_knowledge && !f->response_began;
    default:
        return false;
    }
}

/* Codes that mean one error whatever the state. libcurl-errors(3). */
static enum fetch_error plain_error(CURLcode code) {
    switch (code) {
    case CURLE_URL_MALFORMAT:
        return FETCH_INVALID_URL;
    case CURLE_UNSUPPORTED_PROTOCOL: /* the scheme was checked before: this is HTTP/0.9 or a version that does not
                                      * exist */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_FUNCTION_ARGUMENT: /* a trailer without a colon */
        return FETCH_PROTOCOL;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return FETCH_HTTP2;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
        return FETCH_RECV;
    case CURLE_SEND_ERROR:
        return FETCH_SEND;
    case CURLE_GOT_NOTHING:
        return FETCH_EMPTY_REPLY;
    case CURLE_BAD_CONTENT_ENCODING:
        return FETCH_DECODE;
    case CURLE_FILESIZE_EXCEEDED:
        return FETCH_TOO_LARGE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ENGINE_NOTFOUND:
        return FETCH_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return FETCH_TLS_VERIFY;
    default:
        return FETCH_INTERNAL;
    }
}

/* Reasons with a text of their own, or NULL for the error's phrase. Those that are not here are no failure. */
static const struct {
    enum fetch_error error;
    const char *text;
} stops_table[] = {
    [TRANSFER_STOP_BLOCKED] = {FETCH_BLOCKED, NULL},
    [TRANSFER_STOP_TOO_LARGE] = {FETCH_TOO_LARGE, NULL},
    [TRANSFER_STOP_DECODE] = {FETCH_DECODE, NULL},
    [TRANSFER_STOP_UNKNOWN_CODING] = {FETCH_DECODE, "the body has a content encoding that is not known, or too many"},
    [TRANSFER_STOP_TOO_MANY_HEADERS] = {FETCH_PROTOCOL, "the response has too many headers"},
    [TRANSFER_STOP_HEADERS_TOO_LARGE] = {FETCH_PROTOCOL, "the headers of the response are too large"},
    [TRANSFER_STOP_TOO_MANY_INTERIM] = {FETCH_PROTOCOL, "too many informational responses"},
    [TRANSFER_STOP_BAD_VERSION] = {FETCH_PROTOCOL, "the response has a version of HTTP that was not asked for"},
    [TRANSFER_STOP_NO_HTTP2] = {FETCH_HTTP2, "the server does not speak HTTP/2"},
    [TRANSFER_STOP_BAD_HEADER] = {FETCH_PROTOCOL, "the response has a header that is none"},
    [TRANSFER_STOP_BAD_LENGTH] = {FETCH_PROTOCOL, "the response has a length that is none, or two of them"},
    [TRANSFER_STOP_TRANSFER_CODING] = {FETCH_PROTOCOL, "the response has a transfer encoding that was not asked for"},
    [TRANSFER_STOP_NO_DESCRIPTOR] = {FETCH_INTERNAL, "no file descriptor is left"},
    [TRANSFER_STOP_SENT_AGAIN] = {FETCH_EMPTY_REPLY, NULL},
    [TRANSFER_STOP_NOMEM] = {FETCH_INTERNAL, NULL},
};

static void fail_slow(const struct transfer_failure *f, struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "gave up after %.8g s with less than %lld bytes per second, receiving from %s",
                   (double)f->setup->low_speed_time_ms / 1000, (long long)f->setup->low_speed_bytes, f->request->host);
    fetch_result_fail(result, FETCH_TIMEOUT, text);
}

static void fail_stopped(const struct transfer_failure *f, struct fetch_result *result) {
    if (f->stop == TRANSFER_STOP_TOO_SLOW)
        fail_slow(f, result);
    else
        fetch_result_fail(result, stops_table[f->stop].error,
                          f->stop == TRANSFER_STOP_NOMEM ? err_text(ERR_NOMEM) : stops_table[f->stop].text);
}

void transfer_error_tell(const struct transfer_failure *f, struct fetch_result *result) {
    CURLcode code = f->code;
    if (f->stop != TRANSFER_STOP_NONE)
        fail_stopped(f, result);
    else if (code == CURLE_ABORTED_BY_CALLBACK && f->request->cancelled)
        fetch_result_fail(result, atomic_load(f->request->cancelled), NULL);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        fail_timeout(f, result);
    else if (is_unknown_http2(f))
        fetch_result_fail(result, FETCH_HTTP2,
                          "the connection ended without a response: does the server speak HTTP/2 without TLS?");
    else if (code == CURLE_COULDNT_CONNECT)
        fail_connect(f, result);
    else if (code == CURLE_COULDNT_RESOLVE_HOST)
        fail_dns(f, result);
    else if (code == CURLE_OUT_OF_MEMORY &&
             has_time(f->easy, CURLINFO_STARTTRANSFER_TIME_T)) /* a header line too long */
        fetch_result_fail(result, FETCH_PROTOCOL, stops_table[TRANSFER_STOP_HEADERS_TOO_LARGE].text);
    else
        fetch_result_fail(result, plain_error(code), *f->text ? f->text : curl_easy_strerror(code));
}
