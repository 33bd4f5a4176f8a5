#include "pool/fetch.h"

#include "base/clock.h"
#include "pool/fetcher.h"
#include "pool/hop_headers.h"
#include "pool/lookup.h"
#include "pool/transfer.h"
#include "pool/url.h"
#include "pool/url_sent.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fetch on its way: what changes from hop to hop. */
struct hop {
    const char *url; /* the request's, or `owned_url` */
    char *owned_url;
    struct url_origin origin;
    const char *method;
    const char *body;
    size_t body_bytes;
    struct curl_slist *headers;
    char *authorization;      /* of the first URL, or NULL */
    bool body_left;           /* a redirect turned the method into GET */
    bool headers_may_be_sent; /* the caller's: until the first hop to another origin, and not again on the way back */
    char host[URL_HOST_MAX_BYTES + 1];
};

/* ---- hops ---- */

static enum err build_headers(struct hop *hop, const struct fetch_options *options, bool with_caller_headers) {
    const struct hop_headers headers = {
        .options = options,
        .sends_body = transfer_sends_body(hop->method, hop->body),
        .body_left = hop->body_left,
        .with_caller_headers = with_caller_headers,
        .authorization = hop->authorization,
    };
    curl_slist_free_all(hop->headers);
    hop->headers = NULL;
    return hop_headers_build(&headers, &hop->headers);
}

static void note_host(struct hop *hop) {
    memcpy(hop->host, hop->origin.text + hop->origin.host_start, hop->origin.host_len);
    hop->host[hop->origin.host_len] = '\0';
}

static enum fetch_error enter_url(struct hop *hop, struct fetch_result *result) {
    const char *reason = NULL;
    enum fetch_error error = url_check(hop->url, &hop->origin, &reason);
    if (error)
        fetch_result_fail(result, error, reason);
    else
        note_host(hop);
    return error;
}

static enum fetch_error fail_nomem(struct fetch_result *result) {
    fetch_result_fail(result, FETCH_INTERNAL, err_text(ERR_NOMEM));
    return FETCH_INTERNAL;
}

/* The URL that was asked for may have user information, if the operator lets it, and letters beyond ASCII; from here on
 * it has neither. */
static enum fetch_error enter_first_url(struct fetcher *f, struct hop *hop, struct fetch_result *result) {
    const char *reason = NULL;
    struct url_user user = {.len = 0};
    enum fetch_error error = url_check_with_user(hop->url, &hop->origin, &user, &reason);
    if ((error || user.len > 0) && !guard_allows_user_info(f->guard))
        return enter_url(hop, result);
    if (error) {
        fetch_result_fail(result, error, reason);
        return error;
    }
    if (url_sent_prepare(hop->url, &user, &hop->owned_url, &hop->authorization))
        return fail_nomem(result);
    if (hop->owned_url)
        hop->url = hop->owned_url;
    note_host(hop);
    return FETCH_OK;
}

/* The time that is left for the next hop, and whose time it is. False: none is left, and the result says so. */
static bool set_time(struct transfer_request *t, const struct fetch_request *request, int64_t end_ms,
                     struct fetch_result *result) {
    t->timeout_is_deadline = request->deadline_ms < end_ms;
    t->timeout_ms = (t->timeout_is_deadline ? request->deadline_ms : end_ms) - clock_now_ms();
    t->connect_timeout_ms = request->options->connect_timeout_ms;
    if (t->timeout_ms > 0)
        return true;
    fetch_result_fail(result, t->timeout_is_deadline ? FETCH_DEADLINE : FETCH_TIMEOUT, NULL);
    return false;
}

static int64_t earliest(int64_t a_ms, int64_t b_ms) {
    return a_ms < b_ms ? a_ms : b_ms;
}

static bool is_cancelled(const struct fetch_request *request, struct fetch_result *result) {
    enum fetch_error reason = request->cancelled ? atomic_load(request->cancelled) : FETCH_OK;
    if (reason)
        fetch_result_fail(result, reason, NULL);
    return reason != FETCH_OK;
}

/* Waits for descriptors if it has to. False: the result says why there is no handle. */
static bool take_handle(struct fetcher *f, const struct fetch_request *request, const char *origin, int64_t until_ms,
                        struct fetch_result *result, struct handle **ret_handle) {
    enum err err;
    do
        err = handles_take(f->handles, origin, until_ms, ret_handle);
    while (err == ERR_CLOSED && !is_cancelled(request, result));
    if (err == ERR_LIMIT)
        fetch_result_fail(result, FETCH_INTERNAL, "no file descriptor is left");
    else if (err && err != ERR_CLOSED)
        (void)fail_nomem(result);
    return !err;
}

static void put_handle(struct fetcher *f, struct handle *handle, const struct transfer_response *response) {
    handle->opened = response->opened;
    handle->reused = response->is_reused;
    handle->broken = response->is_broken;
    handle->starved = response->no_descriptor;
    handles_put(f->handles, handle);
}

/* libcurl is given the addresses when they are others than this handle's last ones, so it never looks a name up. */
static void perform_with(struct handle *handle, const struct name_answer *answer, struct transfer_request *t,
                         struct fetch_result *result, struct transfer_response *ret_response) {
    struct curl_slist *addresses = NULL;
    enum err err = ERR_NONE;
    if (answer && handle->addresses != answer->serial)
        err = lookup_addresses(answer, t->authority, &addresses);
    t->addresses = addresses;
    if (err)
        (void)fail_nomem(result);
    else
        transfer_perform(handle->easy, t, result, ret_response);
    handle->addresses = answer && !result->error ? answer->serial : 0; /* after a failure it is unsure what it has */
    curl_slist_free_all(addresses);
}

/* What is to be spoken over the hop's connection, and the handles that speak it. Without TLS there is nobody to agree
 * on a version. */
static const char *choose_handles(const struct hop *hop, struct transfer_request *t, char buffer[HANDLES_KEY_BYTES]) {
    static const char *const words[] = {[FETCH_HTTP_2] = "2", [FETCH_HTTP_AUTO] = "auto"};
    const char *origin = hop->origin.text;
    bool has_tls = strncmp(origin, "https:", 6) == 0;
    if (t->http_version == FETCH_HTTP_AUTO && !has_tls)
        t->http_version = FETCH_HTTP_1_1;
    t->prior_knowledge = t->http_version == FETCH_HTTP_2 && !has_tls;
    if (t->http_version == FETCH_HTTP_1_1)
        return origin;
    (void)snprintf(buffer, HANDLES_KEY_BYTES, "%s %s", origin, words[t->http_version]);
    return buffer;
}

/* Again when a descriptor was lacking, as long as there is time to connect. */
static void perform_at(struct fetcher *f, const struct fetch_request *request, const char *origin,
                       const struct name_answer *answer, int64_t end_ms, struct transfer_request *t,
                       struct fetch_result *result, struct transfer_response *ret_response) {
    struct handle *handle;
    int64_t connect_end_ms = clock_after_ms(t->connect_timeout_ms - t->lookup_us / 1000);
    int64_t until_ms = earliest(earliest(end_ms, request->deadline_ms), connect_end_ms);
    do {
        *ret_response = (struct transfer_response){0};
        result->error = FETCH_OK;
        if (!take_handle(f, request, origin, until_ms, result, &handle)) {
            (void)set_time(t, request, end_ms, result); /* the whole time is over: that is told instead */
            return;
        }
        if (set_time(t, request, end_ms, result))
            perform_with(handle, answer, t, result, ret_response);
        put_handle(f, handle, ret_response);
    } while (ret_response->no_descriptor && clock_now_ms() < until_ms);
}

static void perform_hop(struct fetcher *f, const struct fetch_request *request, const struct hop *hop, int64_t end_ms,
                        struct fetch_result *result, struct transfer_response *ret_response) {
    const struct fetch_options *options = request->options;
    struct transfer_request t = {
        .url = hop->url,
        .host = hop->host,
        .authority = strstr(hop->origin.text, "://") + 3,
        .method = hop->method,
        .headers = hop->headers,
        .body = hop->body,
        .body_bytes = hop->body_bytes,
        .whole_timeout_ms = options->timeout_ms,
        .max_size_bytes = options->max_size_bytes,
        .follow = options->follow_redirects,
        .drop_body = result->head_status != 0,
        .http_version = options->http_version,
        .decompress = options->decompress,
        .include = options->include,
        .cancelled = request->cancelled,
        .hop = request->keeps_hops ? fetch_hops_last(&result->hops) : NULL,
    };
    char buffer[HANDLES_KEY_BYTES];
    const char *handles = choose_handles(hop, &t, buffer);
    struct name_answer *answer;
    *ret_response = (struct transfer_response){0};
    if (!set_time(&t, request, end_ms, result))
        return;
    bool is_found = lookup_host(f->names, f->guard, &t, result, &answer);
    if (answer || !is_found)
        stats_count_phase(f->stats, STATS_LOOKUP, t.lookup_us);
    if (t.hop)
        t.hop->lookup_us = t.lookup_us;
    if (!is_found)
        return;
    perform_at(f, request, handles, answer, end_ms, &t, result, ret_response);
    name_answer_unref(answer);
}

static void perform_and_keep(struct fetcher *f, const struct fetch_request *request, const struct hop *hop,
                             int64_t end_ms, struct fetch_result *result, struct transfer_response *ret_response) {
    struct fetch_hop *kept;
    *ret_response = (struct transfer_response){0};
    if (fetch_hops_add(&result->hops, hop->url, hop->method, &kept)) {
        (void)fail_nomem(result);
        return;
    }
    kept->body = hop->body;
    kept->body_bytes = hop->body_bytes;
    perform_hop(f, request, hop, end_ms, result, ret_response);
    kept->status = result->status;
    kept->ended_us = clock_now_us();
}

/* RFC 9110, section 15.4: 303 becomes GET, and so does, as all clients do it, POST after 301 and 302. */
static void change_method(struct hop *hop, int status) {
    bool to_get = (status == 303 && strcmp(hop->method, "HEAD") != 0) ||
                  ((status == 301 || status == 302) && strcmp(hop->method, "POST") == 0);
    if (!to_get)
        return;
    hop->method = "GET";
    hop->body = NULL;
    hop->body_bytes = 0;
    hop->body_left = true;
}

/* What cannot be joined may be an absolute URL of another kind, "mailto:a@b". */
static enum fetch_error fail_location(const char *location, struct fetch_result *result) {
    struct url_origin origin;
    const char *reason = NULL;
    bool other_scheme = url_check(location, &origin, &reason) == FETCH_UNSUPPORTED_SCHEME;
    fetch_result_fail(result, other_scheme ? FETCH_UNSUPPORTED_SCHEME : FETCH_INVALID_URL,
                      other_scheme ? reason : "a redirect leads to what is not a URL");
    return result->error;
}

static enum fetch_error follow(struct hop *hop, const struct fetch_options *options, const char *location,
                               struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    char *next = NULL;
    if (result->redirect_count >= (size_t)options->max_redirects) {
        (void)snprintf(text, sizeof text, "more than %d redirects", options->max_redirects);
        fetch_result_fail(result, FETCH_TOO_MANY_REDIRECTS, text);
        return FETCH_TOO_MANY_REDIRECTS;
    }
    enum err err = url_join(hop->url, location, &next);
    if (err == ERR_INVALID)
        return fail_location(location, result);
    if (err || fetch_result_add_redirect(result, hop->url, result->status, location)) {
        free(next);
        return fail_nomem(result);
    }
    struct url_origin left = hop->origin;
    free(hop->owned_url);
    hop->owned_url = next;
    hop->url = next;
    change_method(hop, result->status);
    enum fetch_error error = enter_url(hop, result);
    bool same_origin = !error && strcmp(left.text, hop->origin.text) == 0 && hop->headers_may_be_sent;
    hop->headers_may_be_sent = same_origin;
    if (!error && build_headers(hop, options, same_origin))
        error = fail_nomem(result);
    return error;
}

/* The server says that it does not know the method; what it says to GET is the result, without the body that a HEAD
 * does not ask for. RFC 9110, sections 15.5.6 and 15.6.2. */
static bool falls_back(struct hop *hop, const struct fetch_options *options, struct fetch_result *result) {
    bool refused = !result->error && (result->status == 405 || result->status == 501);
    if (!options->head_fallback || !refused || strcmp(hop->method, "HEAD") != 0)
        return false;
    hop->method = "GET";
    result->head_status = result->status;
    return true;
}

/* For as long as the host asks, but no longer than the operator allows; also when the body behind it was not taken. */
static void note_retry_after(const struct fetcher *f, const struct hop *hop, struct fetch_result *result) {
    if (result->retry_after_ms == 0)
        return;
    int64_t max_pause_ms = atomic_load(&f->max_pause_ms);
    if (result->retry_after_ms > max_pause_ms)
        result->retry_after_ms = max_pause_ms;
    size_t len = url_host_name_len(&hop->origin);
    memcpy(result->host, hop->host, len);
    result->host[len] = '\0';
}

static void run_hops(struct fetcher *f, const struct fetch_request *request, int64_t start_us,
                     struct fetch_result *result) {
    const struct fetch_options *options = request->options;
    int64_t end_ms = clock_after_ms(options->timeout_ms);
    struct hop hop = {
        .url = request->url,
        .method = options->method,
        .body = strcmp(options->method, "HEAD") == 0 ? NULL : options->body,
        .body_bytes = options->body_bytes,
        .headers_may_be_sent = true,
    };
    enum fetch_error error = enter_first_url(f, &hop, result);
    if (!error && build_headers(&hop, options, true))
        error = fail_nomem(result);
    while (!error) {
        struct transfer_response response;
        bool is_first = result->redirect_count == 0 && result->head_status == 0;
        result->timings.redirect_us = is_first ? 0 : clock_now_us() - start_us;
        if (request->keeps_hops)
            perform_and_keep(f, request, &hop, end_ms, result, &response);
        else
            perform_hop(f, request, &hop, end_ms, result, &response);
        bool goes_on =
            !result->error && options->follow_redirects && response.location && transfer_is_redirect(result->status);
        if (goes_on && request->keeps_hops)
            fetch_hops_last(&result->hops)->is_followed = true;
        if (goes_on)
            error = follow(&hop, options, response.location, result);
        free(response.location);
        if (!goes_on && !falls_back(&hop, options, result))
            break;
    }
    note_retry_after(f, &hop, result);
    curl_slist_free_all(hop.headers);
    free(hop.authorization);
    free(result->final_url);
    result->final_url = hop.owned_url;
}

void fetch_url(struct fetcher *f, const struct fetch_request *request, struct fetch_result *result) {
    int64_t start_us = clock_now_us();
    int64_t queue_us = result->timings.queue_us;
    fetch_result_fini(result);
    run_hops(f, request, start_us, result);
    result->elapsed_us = clock_now_us() - start_us;
    result->timings.queue_us = queue_us;
    result->timings.total_us = result->elapsed_us;
}
