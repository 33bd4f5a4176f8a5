/* One fetch: a URL in, exactly one result out.
 *
 * Redirects are followed here, hop by hop, so that each hop is checked, guarded and timed. A fetch blocks its thread;
 * it ends when the response is there, when its time is over, or soon after it was cancelled. */
#ifndef FETCHPOOL_POOL_FETCH_H
#define FETCHPOOL_POOL_FETCH_H

#include "base/err.h"
#include "base/timers.h"
#include "config/settings.h"
#include "pool/fetch_include.h"
#include "pool/fetch_result.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is spoken with the origin. */
enum fetch_http_version {
    FETCH_HTTP_1_1,
    FETCH_HTTP_2,   /* or the fetch fails: over TLS when the server agrees to it (ALPN), else with prior knowledge */
    FETCH_HTTP_AUTO /* over TLS what the server prefers (ALPN), else 1.1 */
};

/* How to fetch. All is borrowed for the length of the fetch. pool/fetch_same.c compares every field. */
struct fetch_options {
    const char *method;         /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" or "OPTIONS" */
    const char *const *headers; /* "Name: value" each, checked by the caller: no CR, LF; none that frame the message */
    size_t header_count;
    const char *body; /* NULL: none */
    size_t body_bytes;
    bool body_is_base64; /* the caller wrote it so; to the fetch it is all the same */
    bool head_fallback;  /* a HEAD that is answered with 405 or 501 is followed by a GET whose body is not wanted */
    enum fetch_http_version http_version;
    int64_t timeout_ms; /* for the whole fetch, redirects included */
    int64_t connect_timeout_ms;
    int64_t max_size_bytes; /* of the decoded body */
    int max_redirects;
    int retries;
    int64_t retry_delay_ms; /* the first time between two attempts is drawn below this */
    bool follow_redirects;
    bool decompress;
    unsigned include; /* enum fetch_include */
};

/* What is to be fetched, and what may end it from outside. */
struct fetch_request {
    const char *url;
    const struct fetch_options *options;
    int64_t deadline_ms;                        /* monotonic, CLOCK_NEVER for none */
    const _Atomic(enum fetch_error) *cancelled; /* NULL: cannot be; else not FETCH_OK ends the fetch with that error */
    bool keeps_hops;                            /* the result tells of each request that was made */
};

/* What all fetches share: guard, certificates, warm handles, the budget of retries. */
struct fetcher;
struct retry_budget;
struct stats;

/* `settings` is borrowed during the call, `timers` until fetcher_destroy. Calls curl_global_init: once, before other
 * threads use libcurl. On failure `ret_error` says what is wrong, naming the setting. ERR_INVALID, ERR_IO, ERR_NOMEM,
 * ERR_LIBRARY. */
enum { FETCHER_ERROR_BYTES = 512 };
enum err fetcher_create(const struct settings *settings, struct timers *timers, struct fetcher **ret_fetcher,
                        char ret_error[FETCHER_ERROR_BYTES]) ERR_MUST_CHECK;

/* No fetch may be running. Accepts NULL. */
void fetcher_destroy(struct fetcher *f);

/* False: no certificate authority is known, so no https server is trusted. Reads those of the system, some 25 ms, if
 * nobody has asked yet; else the first fetch by TLS does. */
bool fetcher_has_certs(const struct fetcher *f);

/* What all retries share, and where all fetches are counted. Any thread. */
struct retry_budget *fetcher_retry_budget(struct fetcher *f);
struct stats *fetcher_counts(struct fetcher *f);

/* Has `no_file` called, with the number of fetches that hold a connection, when file descriptors run out: once, and
 * again only after they sufficed for a minute. Fetches wait for one meanwhile, up to their connect timeout. Any thread
 * calls it. Before the first fetch. */
void fetcher_on_no_file(struct fetcher *f, void (*no_file)(size_t in_use));

/* A connection that the address guard refused. For the operator, not for who asked; all is borrowed during the call. */
struct fetch_refusal {
    const char *host;    /* the name or address that was asked for */
    const char *address; /* what it led to */
    int port;            /* 0: the name was refused whatever the port */
    const char *rule;    /* "10.0.0.0/8, private use" */
    const char *why;     /* what the rule is for; may be empty */
    const char *inside;  /* the kind of IPv6 address that carries the IPv4 address the rule is about; may be empty */
    const char *setting; /* what would allow it: "guard.allow=10.1.2.3" */
};

/* Has `refused` called with each refusal, in the thread of the fetch. Before the first fetch. */
void fetcher_on_refusal(struct fetcher *f, void (*refused)(const struct fetch_refusal *refusal));

/* What the settings say about the guard, ready to be put in force. `settings` is borrowed during the call. ERR_INVALID
 * and ERR_NOMEM, with `ret_error` as fetcher_create has it. */
struct guard_rules;
enum err fetcher_prepare_guard(const struct settings *settings, struct guard_rules **ret_rules,
                               char ret_error[FETCHER_ERROR_BYTES]) ERR_MUST_CHECK;

/* Accepts NULL. */
void fetcher_drop_guard(struct guard_rules *rules);

/* Puts the rules, which it takes, in force: for new connections and for requests over those that are there, and what
 * runs notices when libcurl looks about next, which is once a second or when its thread is interrupted. True: they
 * differ from those before; idle connections are closed then. Any thread. */
bool fetcher_apply_guard(struct fetcher *f, struct guard_rules *rules);

/* What may change while fetches run follows the settings, but for the guard: pool.handle_idle_timeout, host.max_pause
 * and fetch.retry_budget. Any thread. */
void fetcher_apply(struct fetcher *f, const struct settings *settings);

/* Descriptors have run out elsewhere: gives some idle connections up. Any thread. */
void fetcher_make_room(struct fetcher *f);

/* The options that the settings give to a request which says nothing. They borrow from `settings`. */
struct fetch_options fetch_default_options(const struct settings *settings);

/* Fetches and fills `result`, which is initialised or was used before. Blocks. Any thread, but to be cancelled at once
 * the thread must be one that thread_interrupt may be used on, and whoever cancels uses it. */
void fetch_url(struct fetcher *f, const struct fetch_request *request, struct fetch_result *result);

#endif
