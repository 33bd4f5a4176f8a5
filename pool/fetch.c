#include "pool/fetch.h"

#include "base/clock.h"
#include "pool/certs.h"
#include "pool/guard.h"
#include "pool/handles.h"
#include "pool/retry_budget.h"
#include "pool/transfer.h"
#include "pool/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetcher {
    struct guard *guard;
    struct certs *certs;
    struct handles *handles;
    char *user_agent;
    int64_t max_pause_ms;
    struct retry_budget retry_budget;
    struct transfer_setup setup;
};

/* A fetch on its way: what changes from hop to hop. */
struct hop {
    const char *url; /* the request's, or `owned_url` */
    char *owned_url;
    struct url_origin origin;
    const char *method;
    const char *body;
    size_t body_bytes;
    struct curl_slist *headers;
    bool body_left;           /* a redirect turned the method into GET */
    bool headers_may_be_sent; /* the caller's: until the first hop to another origin, and not again on the way back */
    char host[URL_HOST_MAX_BYTES + 1];
};

static enum err configure_handle(CURL *easy, void *arg) {
    const struct fetcher *f = arg;
    return transfer_configure(easy, &f->setup);
}

static enum err create_guard(struct fetcher *f, const struct settings *settings, char ret_error[FETCHER_ERROR_BYTES]) {
    const struct guard_rules rules = {
        .allow = settings->guard.allow.items,
        .allow_count = settings->guard.allow.count,
        .deny = settings->guard.deny.items,
        .deny_count = settings->guard.deny.count,
    };
    const char *bad = "";
    enum err err = guard_create(&rules, &f->guard, &bad);
    if (err == ERR_INVALID)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES,
                       "guard.allow, guard.deny: '%s' is not an address or a prefix such as 10.0.0.0/8", bad);
    return err;
}

static enum err create_certs(struct fetcher *f, const char *ca_file, char ret_error[FETCHER_ERROR_BYTES]) {
    enum err err = certs_create(ca_file, &f->certs);
    if (err == ERR_IO)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "fetch.ca_file: %s cannot be read or holds no certificate",
                       ca_file);
    return err;
}

static enum err fill_fetcher(struct fetcher *f, const struct settings *settings, struct timers *timers,
                             char ret_error[FETCHER_ERROR_BYTES]) {
    const struct handles_options handles = {
        .max_idle = (size_t)settings->pool.handles,
        .idle_timeout_ms = settings->pool.handle_idle_timeout_ms,
        .timers = timers,
        .configure = configure_handle,
        .arg = f,
    };
    f->max_pause_ms = settings->host.max_pause_ms;
    f->user_agent = strdup(settings->fetch.user_agent);
    enum err err = f->user_agent ? create_guard(f, settings, ret_error) : ERR_NOMEM;
    if (!err)
        err = create_certs(f, settings->fetch.ca_file, ret_error);
    if (!err)
        err = handles_create(&handles, &f->handles);
    f->setup = (struct transfer_setup){.guard = f->guard, .certs = f->certs, .user_agent = f->user_agent};
    return err;
}

enum err fetcher_create(const struct settings *settings, struct timers *timers, struct fetcher **ret_fetcher,
                        char ret_error[FETCHER_ERROR_BYTES]) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "libcurl could not be initialised");
        return ERR_LIBRARY;
    }
    struct fetcher *f = calloc(1, sizeof *f);
    (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "%s", err_text(ERR_NOMEM));
    if (f)
        retry_budget_init(&f->retry_budget, (int)settings->fetch.retry_budget);
    enum err err = f ? fill_fetcher(f, settings, timers, ret_error) : ERR_NOMEM;
    if (err) {
        fetcher_destroy(f);
        return err;
    }
    *ret_fetcher = f;
    return ERR_NONE;
}

void fetcher_destroy(struct fetcher *f) {
    if (!f)
        return;
    handles_destroy(f->handles);
    certs_destroy(f->certs);
    guard_destroy(f->guard);
    retry_budget_fini(&f->retry_budget);
    free(f->user_agent);
    free(f);
    curl_global_cleanup();
}

bool fetcher_has_certs(const struct fetcher *f) {
    return !certs_are_empty(f->certs);
}

struct retry_budget *fetcher_retry_budget(struct fetcher *f) {
    return &f->retry_budget;
}

struct fetch_options fetch_default_options(const struct settings *settings) {
    return (struct fetch_options){
        .method = "GET",
        .timeout_ms = settings->fetch.timeout_ms,
        .connect_timeout_ms = settings->fetch.connect_timeout_ms,
        .max_size_bytes = settings->fetch.max_size_bytes,
        .max_redirects = (int)settings->fetch.max_redirects,
        .retries = (int)settings->fetch.retries,
        .retry_delay_ms = settings->fetch.retry_delay_ms,
        .follow_redirects = true,
        .decompress = true,
    };
}

/* ---- hops ---- */

static enum err add_header(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return ERR_NOMEM;
    *list = longer;
    return ERR_NONE;
}

/* "Name:" would make libcurl leave the header out; "Name;" sends it empty. */
static enum err add_caller_header(struct curl_slist **list, const char *line) {
    size_t name_len = strcspn(line, ":");
    if (line[name_len] == '\0' || line[name_len + 1 + strspn(line + name_len + 1, " \t")] != '\0')
        return add_header(list, line);
    char *empty = strndup(line, name_len + 1);
    if (!empty)
        return ERR_NOMEM;
    empty[name_len] = ';';
    enum err err = add_header(list, empty);
    free(empty);
    return err;
}

/* They describe the body, and go with it. Fetch standard, HTTP-redirect fetch. */
static bool describes_body(const char *line) {
    return strncasecmp(line, "Content-", strlen("Content-")) == 0;
}

static bool has_header(const struct fetch_options *options, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < options->header_count; i++)
        if (strncasecmp(options->headers[i], name, len) == 0 && options->headers[i][len] == ':')
            return true;
    return false;
}

static enum err build_headers(struct hop *hop, const struct fetch_options *options, bool with_caller_headers) {
    enum err err = ERR_NONE;
    curl_slist_free_all(hop->headers);
    hop->headers = NULL;
    if (transfer_sends_body(hop->method, hop->body)) { /* do not wait for a 100, do not guess a type */
        err = add_header(&hop->headers, "Expect:");
        if (!err && !(with_caller_headers && has_header(options, "Content-Type")))
            err = add_header(&hop->headers, "Content-Type:");
    }
    for (size_t i = 0; i < options->header_count && with_caller_headers && !err; i++)
        if (!hop->body_left || !describes_body(options->headers[i]))
            err = add_caller_header(&hop->headers, options->headers[i]);
    return err;
}

static enum fetch_error enter_url(struct hop *hop, struct fetch_result *result) {
    const char *reason = NULL;
    enum fetch_error error = url_check(hop->url, &hop->origin, &reason);
    if (error) {
        fetch_result_fail(result, error, reason);
        return error;
    }
    memcpy(hop->host, hop->origin.text + hop->origin.host_start, hop->origin.host_len);
    hop->host[hop->origin.host_len] = '\0';
    return FETCH_OK;
}

static enum fetch_error fail_nomem(struct fetch_result *result) {
    fetch_result_fail(result, FETCH_INTERNAL, err_text(ERR_NOMEM));
    return FETCH_INTERNAL;
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
        .decompress = options->decompress,
        .include = options->include,
        .cancelled = request->cancelled,
    };
    struct handle *handle;
    ret_response->location = NULL;
    if (!set_time(&t, request, end_ms, result))
        return;
    if (handles_take(f->handles, hop->origin.text, &handle)) {
        (void)fail_nomem(result);
        return;
    }
    transfer_perform(handle->easy, &t, result, ret_response);
    handles_put(f->handles, handle);
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

/* For as long as the host asks, but no longer than the operator allows; also when the body behind it was not taken. */
static void note_retry_after(const struct fetcher *f, const struct hop *hop, struct fetch_result *result) {
    if (result->retry_after_ms == 0)
        return;
    if (result->retry_after_ms > f->max_pause_ms)
        result->retry_after_ms = f->max_pause_ms;
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
    enum fetch_error error = enter_url(&hop, result);
    if (!error && build_headers(&hop, options, true))
        error = fail_nomem(result);
    while (!error) {
        struct transfer_response response;
        result->timings.redirect_us = result->redirect_count ? clock_now_us() - start_us : 0;
        perform_hop(f, request, &hop, end_ms, result, &response);
        bool goes_on =
            !result->error && options->follow_redirects && response.location && transfer_is_redirect(result->status);
        if (goes_on)
            error = follow(&hop, options, response.location, result);
        free(response.location);
        if (!goes_on)
            break;
    }
    note_retry_after(f, &hop, result);
    curl_slist_free_all(hop.headers);
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
