#include "pool/fetcher.h"

#include "pool/crypto.h"
#include "pool/hop_headers.h"
#include "pool/name_server.h"
#include "pool/response.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err configure_handle(CURL *easy, void *arg) {
    const struct fetcher *f = arg;
    return transfer_configure(easy, &f->setup);
}

static void tell_no_file(size_t in_use, void *arg) {
    const struct fetcher *f = arg;
    if (f->no_file)
        f->no_file(in_use);
}

enum err fetcher_prepare_guard(const struct settings *settings, struct guard_rules **ret_rules,
                               char ret_error[FETCHER_ERROR_BYTES]) {
    const char *bad = "";
    enum err err = guard_rules_create(settings, ret_rules, &bad);
    if (err == ERR_INVALID)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "guard: '%s' is not what the setting takes", bad);
    else if (err)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "%s", err_text(err));
    return err;
}

void fetcher_apply(struct fetcher *f, const struct settings *settings) {
    atomic_store(&f->max_pause_ms, settings->host.max_pause_ms);
    retry_budget_set(&f->retry_budget, (int)settings->fetch.retry_budget);
    handles_set_idle_timeout(f->handles, settings->pool.handle_idle_timeout_ms);
}

void fetcher_drop_guard(struct guard_rules *rules) {
    guard_rules_destroy(rules);
}

bool fetcher_apply_guard(struct fetcher *f, struct guard_rules *rules) {
    bool changed = guard_replace(f->guard, rules);
    if (changed)
        handles_close_idle(f->handles);
    return changed;
}

static enum err create_guard(struct fetcher *f, const struct settings *settings, struct timers *timers,
                             char ret_error[FETCHER_ERROR_BYTES]) {
    struct guard_rules *rules = NULL;
    enum err err = fetcher_prepare_guard(settings, &rules, ret_error);
    if (err)
        return err;
    err = guard_create(rules, timers, &f->guard);
    if (err == ERR_IO)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES,
                       "the addresses of this host cannot be read, so they cannot be refused: %s", strerror(errno));
    if (err)
        guard_rules_destroy(rules);
    return err;
}

static enum err create_certs(struct fetcher *f, const char *ca_file, char ret_error[FETCHER_ERROR_BYTES]) {
    enum err err = certs_create(ca_file, &f->certs);
    if (err == ERR_IO)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "fetch.ca_file: %s cannot be read or holds no certificate",
                       ca_file);
    return err;
}

static bool allows(void *arg, struct address address) {
    return guard_allows(arg, address);
}

static uint64_t serial(void *arg) {
    return guard_serial(arg);
}

static enum err create_names(struct fetcher *f, const struct settings *settings, char ret_error[FETCHER_ERROR_BYTES]) {
    const struct settings_list *list = &settings->fetch.name_servers;
    const char *bad = "";
    char *servers = NULL;
    enum err err = name_server_join(list->items, list->count, &servers, &bad);
    const struct names_options options = {
        .servers = servers,
        .timeout_ms = settings->fetch.name_timeout_ms,
        .max_cached = (size_t)settings->fetch.names,
        .allows = allows,
        .serial = serial,
        .arg = f->guard,
    };
    if (err == ERR_INVALID)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "fetch.name_servers: '%s' %s", bad, name_server_check(bad));
    if (!err)
        err = names_create(&options, &f->names);
    if (err && err != ERR_INVALID && err != ERR_NOMEM)
        (void)snprintf(ret_error, FETCHER_ERROR_BYTES, "names cannot be looked up: %s", err_text(err));
    free(servers);
    return err;
}

static enum err fill_fetcher(struct fetcher *f, const struct settings *settings, struct timers *timers,
                             char ret_error[FETCHER_ERROR_BYTES]) {
    const struct handles_options handles = {
        .max_idle = (size_t)settings->pool.handles,
        .max_all =
            (size_t)(settings->pool.handles > settings->pool.workers ? settings->pool.handles : settings->pool.workers),
        .idle_timeout_ms = settings->pool.handle_idle_timeout_ms,
        .timers = timers,
        .configure = configure_handle,
        .no_file = tell_no_file,
        .arg = f,
    };
    atomic_store(&f->max_pause_ms, settings->host.max_pause_ms);
    f->user_agent = strdup(settings->fetch.user_agent);
    enum err err = f->user_agent ? crypto_make_ready() : ERR_NOMEM;
    if (!err)
        err = stats_create(&f->stats);
    if (!err)
        err = hop_headers_create_plain(f->user_agent, &f->plain_headers);
    if (!err)
        err = create_guard(f, settings, timers, ret_error);
    if (!err)
        err = create_certs(f, settings->fetch.ca_file, ret_error);
    if (!err)
        err = create_names(f, settings, ret_error);
    if (!err)
        err = handles_create(&handles, &f->handles);
    f->setup = (struct transfer_setup){
        .guard = f->guard,
        .certs = f->certs,
        .stats = f->stats,
        .user_agent = f->user_agent,
        .plain_headers = f->plain_headers,
        .max_header_bytes = settings->fetch.max_header_bytes,
        .low_speed_bytes = settings->fetch.low_speed_bytes,
        .low_speed_time_ms = settings->fetch.low_speed_time_ms,
        .must_trace = response_must_trace(),
    };
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
    names_destroy(f->names);
    certs_destroy(f->certs);
    guard_destroy(f->guard);
    stats_destroy(f->stats);
    retry_budget_fini(&f->retry_budget);
    curl_slist_free_all(f->plain_headers);
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

struct stats *fetcher_counts(struct fetcher *f) {
    return f->stats;
}

void fetcher_on_no_file(struct fetcher *f, void (*no_file)(size_t in_use)) {
    f->no_file = no_file;
}

void fetcher_on_refusal(struct fetcher *f, void (*refused)(const struct fetch_refusal *refusal)) {
    guard_on_refusal(f->guard, refused);
}

void fetcher_make_room(struct fetcher *f) {
    handles_make_room(f->handles);
}

void fetcher_read_stats(struct fetcher *f, struct fetcher_stats *ret_stats) {
    stats_read(f->stats, &ret_stats->fetches);
    handles_read_stats(f->handles, &ret_stats->handles);
    names_read_stats(f->names, &ret_stats->names);
    ret_stats->guard_refusals = guard_refusals(f->guard);
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
