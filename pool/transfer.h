/* One request and its response over one easy handle: a hop of a fetch. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_TRANSFER_H
#define FETCHPOOL_POOL_TRANSFER_H

#include "pool/certs.h"
#include "pool/fetch.h"
#include "pool/guard.h"
#include "pool/stats.h"

#include <curl/curl.h>

/* What never changes for the handles of a fetcher; all borrowed. */
struct transfer_setup {
    struct guard *guard;
    struct certs *certs;
    struct stats *stats;
    const char *user_agent;
    const struct curl_slist *plain_headers; /* hop_headers_create_plain */
    int64_t max_header_bytes;               /* of a response */
    int64_t low_speed_bytes;                /* a second, of a response that has begun; 0: as slow as it likes */
    int64_t low_speed_time_ms;              /* before it is given up for that */
    bool must_trace;                        /* response_must_trace */
};

/* What is asked of one hop; all borrowed during transfer_perform. */
struct transfer_request {
    const char *url;
    const char *host;      /* for messages */
    const char *authority; /* host and port, for messages */
    const char *method;
    const struct curl_slist *headers;
    const char *body; /* NULL: none */
    size_t body_bytes;
    int64_t timeout_ms;       /* what is left of the fetch's time */
    int64_t whole_timeout_ms; /* the fetch's time, for messages */
    bool timeout_is_deadline; /* when the time is over, the error is FETCH_DEADLINE */
    int64_t connect_timeout_ms;
    int64_t lookup_us;                  /* already spent of both times, on looking up the host */
    const struct curl_slist *addresses; /* of the host, for CURLOPT_RESOLVE; NULL: libcurl has them already */
    int64_t max_size_bytes;
    bool follow;    /* the body of a redirect is not wanted */
    bool drop_body; /* nor that of any answer */
    enum fetch_http_version http_version;
    bool prior_knowledge; /* HTTP/2 without TLS, in which the server could agree to it. RFC 9113, section 3.3 */
    bool decompress;
    unsigned include;
    const _Atomic(enum fetch_error) *cancelled; /* may be NULL */
    struct fetch_hop *hop;                      /* what is to be told of it; NULL: nothing */
};

/* What came of it, beside what stands in the fetch_result. */
struct transfer_response {
    char *location;     /* of a redirect with one; the caller frees it */
    unsigned opened;    /* connections that were made */
    bool is_reused;     /* the request went over a connection that was there before */
    bool is_broken;     /* the handle is fit for nothing any more but to be closed */
    bool no_descriptor; /* the result is a failure because none was left for a socket: nothing was sent */
};

/* Options that stay for the life of the handle. `setup` is borrowed until the handle is closed. ERR_LIBRARY. */
enum err transfer_configure(CURL *easy, const struct transfer_setup *setup) ERR_MUST_CHECK;

/* A status whose Location is to be followed: 301, 302, 303, 307, 308. RFC 9110, section 15.4. */
bool transfer_is_redirect(long status);

/* Whether it does no harm to send such a request twice, when the first may have arrived. RFC 9110, section 9.2.2. */
bool transfer_is_idempotent(const char *method);

/* Whether such a request has a body, be it an empty one. */
bool transfer_sends_body(const char *method, const char *body);

/* Performs the hop and writes status, size, headers, body, connection into `result`, adds its timings there, or makes
 * it a failure. Afterwards the handle refers to nothing of the caller. Blocks. */
void transfer_perform(CURL *easy, const struct transfer_request *request, struct fetch_result *result,
                      struct transfer_response *ret_response);

#endif
