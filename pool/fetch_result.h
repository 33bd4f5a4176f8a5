/* What came of a fetch. */
#ifndef FETCHPOOL_POOL_FETCH_RESULT_H
#define FETCHPOOL_POOL_FETCH_RESULT_H

#include "base/buf.h"
#include "base/err.h"
#include "pool/fetch_error.h"
#include "pool/fetch_hop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One redirect that was followed. The result owns the texts. */
struct fetch_redirect {
    char *url;
    char *location;
    int status;
};

/* Microseconds from the start of the fetch, as curl_easy_getinfo(3) has them: each includes those before it, hops are
 * added up; `redirect_us` is the time that all hops but the last took. A reused connection needs no lookup, connect or
 * handshake: 0. */
struct fetch_timings {
    int64_t queue_us; /* from being accepted until the fetch began; not part of the others */
    int64_t namelookup_us;
    int64_t connect_us;
    int64_t appconnect_us;
    int64_t pretransfer_us;
    int64_t starttransfer_us;
    int64_t redirect_us;
    int64_t total_us;
};

/* Of the last hop. */
struct fetch_connection {
    char remote_ip[64];
    int remote_port;
    const char *http_version; /* "1.1", static; "" when no response came */
    bool reused;
};

/* Of the connection of the last hop. `version` NULL: it has no TLS, or nobody asked. The result owns the last two. */
struct fetch_tls {
    const char *version; /* "TLSv1.3", static */
    const char *cipher;  /* its name in the registry of IANA, "TLS_AES_256_GCM_SHA384", static */
    char expires_at[32]; /* the certificate, RFC 3339; "" when it does not tell */
    char *subject;       /* of the certificate, RFC 4514 */
    char *issuer;
};

/* Why there was no further attempt though one might have helped. */
enum fetch_given_up {
    FETCH_GIVEN_UP_NOT,
    FETCH_GIVEN_UP_RETRIES,
    FETCH_GIVEN_UP_DEADLINE,
    FETCH_GIVEN_UP_BUDGET,
    FETCH_GIVEN_UP_COUNT,
};

/* One attempt of a fetch that may be tried again. */
struct fetch_attempt {
    int status;             /* 0 with an error */
    enum fetch_error error; /* FETCH_OK with a status */
    enum fetch_given_up given_up;
    int head_status; /* of the HEAD that was followed by a GET; 0: there was none */
    int64_t elapsed_us;
    int64_t delay_ms; /* until the next one, at least; -1: it was the last */
};

enum { FETCH_ERROR_TEXT_BYTES = 256, FETCH_HOST_BYTES = 256, FETCH_SHA256_TEXT_BYTES = 65 };

/* Between the items that get one result, when there are several: what the one who takes the results has made for the
 * first can serve the others. He frees it when `left` is 0. */
struct fetch_share {
    size_t left; /* items that get it after this one */
    void *made;  /* NULL at first */
};

/* Owns all its memory but `share`. `headers` holds name, NUL, value, NUL for each header of the last response, names in
 * lower case. */
struct fetch_result {
    enum fetch_error error; /* FETCH_OK: a response came and `status` is its status */
    char error_text[FETCH_ERROR_TEXT_BYTES];
    int status;
    int64_t size_bytes; /* of the decoded body */
    int64_t elapsed_us;
    char *final_url; /* NULL: the URL that was asked for */
    struct fetch_redirect *redirects;
    size_t redirect_count;
    struct fetch_timings timings;
    struct fetch_connection connection;
    struct fetch_tls tls;
    struct buf headers;
    struct buf body;
    char sha256[FETCH_SHA256_TEXT_BYTES]; /* of the decoded body, in hexadecimal; "" when nobody asked */
    int head_status;                      /* of the HEAD that was followed by a GET; 0: there was none */
    int64_t retry_after_ms; /* of a 429 or a 503 whose host asks to be left in peace, bounded by the settings; else 0 */
    char host[FETCH_HOST_BYTES]; /* the one that asks; only then */
    struct fetch_attempt *attempts;
    size_t attempt_count;
    struct fetch_share *share; /* NULL: one item gets it */
    struct fetch_plan *plan;   /* of what was planned and not fetched; owned, or NULL */
    struct fetch_hops hops;    /* none, unless the request keeps them */
};

void fetch_result_init(struct fetch_result *r);

/* Frees what it owns; it may be used again. */
void fetch_result_fini(struct fetch_result *r);

/* Frees what it owns and says nothing any more. */
void fetch_tls_clear(struct fetch_tls *tls);

/* Makes it a failure. `text` NULL: the error's own phrase. */
void fetch_result_fail(struct fetch_result *r, enum fetch_error error, const char *text);

/* Adds a redirect that is followed; copies. ERR_NOMEM. */
enum err fetch_result_add_redirect(struct fetch_result *r, const char *url, int status,
                                   const char *location) ERR_MUST_CHECK;

#endif
