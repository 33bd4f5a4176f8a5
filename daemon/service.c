#include "daemon/service_state.h"

#include "base/log.h"
#include "base/version.h"
#include "daemon/access.h"
#include "daemon/certificate.h"
#include "daemon/notify.h"
#include "daemon/refusal_log.h"

#include <stdio.h>
#include <stdlib.h>

/* What the end takes beside its settings at most: for clients to read, for workers to leave, and as much again. */
enum { SERVICE_STOP_GRACE_MS = 15 * 1000 };

enum service_exit service_fail(enum service_exit code, const char *text, char ret_error[SERVICE_ERROR_BYTES]) {
    (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s", text);
    return code;
}

static void warn_no_file(size_t in_use) {
    log_warning("no file descriptor is left: fetches wait for one", log_int("in_use", (int64_t)in_use));
}

static enum service_exit start_fetcher(struct service *s, char ret_error[SERVICE_ERROR_BYTES]) {
    char text[FETCHER_ERROR_BYTES];
    enum err err = timers_create(&s->timers);
    if (err)
        return service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error);
    err = fetcher_create(s->settings, s->timers, &s->fetcher, text);
    if (err)
        return service_fail(err == ERR_INVALID || err == ERR_IO ? SERVICE_EXIT_SETTINGS : SERVICE_EXIT_FAILED, text,
                            ret_error);
    fetcher_on_no_file(s->fetcher, warn_no_file);
    fetcher_on_refusal(s->fetcher, refusal_log_write);
    if (!fetcher_has_certs(s->fetcher))
        log_warning(
            "no certificate authorities: no https server is trusted (install ca-certificates or set fetch.ca_file)");
    return SERVICE_EXIT_DONE;
}

static void warn_no_thread(size_t workers) {
    log_warning("no thread can be started: working with those there are", log_int("workers", (int64_t)workers));
}

struct pool_limits service_pool_limits(const struct settings *settings) {
    return (struct pool_limits){
        .max_waiting = (size_t)settings->pool.queue,
        .idle_timeout_ms = settings->pool.idle_timeout_ms,
        .hosts = {.host_max_concurrent = (uint32_t)settings->host.max_concurrent,
                  .host_delay_ms = settings->host.delay_ms},
    };
}

static enum service_exit start_pool(struct service *s, char ret_error[SERVICE_ERROR_BYTES]) {
    const struct pool_limits limits = service_pool_limits(s->settings);
    const struct pool_options options = {
        .max_workers = (size_t)s->settings->pool.workers,
        .max_waiting = limits.max_waiting,
        .idle_timeout_ms = limits.idle_timeout_ms,
        .hosts = limits.hosts,
        .timers = s->timers,
        .no_thread = warn_no_thread,
    };
    enum err err = pool_create(&options, &s->pool);
    return err ? service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error) : SERVICE_EXIT_DONE;
}

enum service_exit service_read_certificate(const struct settings *settings, struct tls_pair **ret_pair,
                                           char ret_error[SERVICE_ERROR_BYTES]) {
    char text[TLS_ERROR_BYTES];
    enum err err = certificate_read(settings, ret_pair, text);
    if (!err)
        return SERVICE_EXIT_DONE;
    return service_fail(err == ERR_NOMEM ? SERVICE_EXIT_FAILED : SERVICE_EXIT_SETTINGS, *text ? text : err_text(err),
                        ret_error);
}

static enum err read_access(const struct settings *settings, struct unix_access *ret_access,
                            struct listen_error *ret_error) {
    enum err err = unix_access_read(settings->server.unix_mode, settings->server.unix_owner, ret_access);
    if (err == ERR_INVALID)
        (void)snprintf(ret_error->text, sizeof ret_error->text, "server.unix_owner: there is no such user or group: %s",
                       settings->server.unix_owner);
    return err;
}

static enum err open_sockets(struct service *s, struct listen_error *ret_error) {
    struct unix_access access;
    enum err err = read_access(s->settings, &access, ret_error);
    return err ? err : listen_open(&s->settings->server.listen, &access, &s->sockets, ret_error);
}

static enum service_exit check_unix_access(const struct settings *settings, char ret_error[SERVICE_ERROR_BYTES]) {
    struct listen_error error = {.text = ""};
    struct unix_access access;
    enum err err = read_access(settings, &access, &error);
    return err ? service_fail(SERVICE_EXIT_LISTEN, *error.text ? error.text : err_text(err), ret_error)
               : SERVICE_EXIT_DONE;
}

static enum service_exit start_listening(struct service *s, char ret_error[SERVICE_ERROR_BYTES]) {
    struct listen_error error = {.text = ""};
    enum err err = open_sockets(s, &error);
    if (err)
        return service_fail(SERVICE_EXIT_LISTEN, *error.text ? error.text : err_text(err), ret_error);
    s->fds = calloc(s->sockets.count + 1, sizeof *s->fds);
    if (!s->fds)
        return service_fail(SERVICE_EXIT_FAILED, err_text(ERR_NOMEM), ret_error);
    for (size_t i = 0; i < s->sockets.count; i++)
        s->fds[i] = s->sockets.items[i].fd;
    return SERVICE_EXIT_DONE;
}

enum service_exit service_exit_of_access(enum err err) {
    return err == ERR_NONE ? SERVICE_EXIT_DONE : err == ERR_NOMEM ? SERVICE_EXIT_FAILED : SERVICE_EXIT_SETTINGS;
}

void service_log_callers(const struct auth_policy *policy) {
    log_info("callers", log_int("tokens", (int64_t)auth_policy_count(policy)),
             log_text("without_token", auth_policy_is_open(policy) ? "served" : "refused"));
}

static enum service_exit start_auth(struct service *s, char ret_error[SERVICE_ERROR_BYTES]) {
    struct auth_policy *policy;
    enum err err = access_prepare(s->settings, &s->sockets, &policy, ret_error);
    if (err)
        return service_exit_of_access(err);
    service_log_callers(policy);
    err = auth_create(policy, &s->auth);
    if (!err)
        return SERVICE_EXIT_DONE;
    auth_policy_destroy(policy);
    return service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error);
}

static enum service_exit start_api(struct service *s, void (*drained)(void *arg), void *arg,
                                   char ret_error[SERVICE_ERROR_BYTES]) {
    const struct api_options options = {
        .settings = s->share,
        .pool = s->pool,
        .fetcher = s->fetcher,
        .timers = s->timers,
        .auth = s->auth,
        .certificate = s->certificate,
        .sockets = s->fds,
        .socket_count = s->sockets.count,
        .is_watched = notify_watchdog_ms() > 0,
        .sockets_stay = s->sockets.handed_over,
        .drained = drained,
        .arg = arg,
    };
    s->certificate = NULL;
    enum err err = api_create(&options, &s->api);
    return err ? service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error) : SERVICE_EXIT_DONE;
}

static enum service_exit start_manager(struct service *s, char ret_error[SERVICE_ERROR_BYTES]) {
    const struct manager_options options = {.timers = s->timers, .pool = s->pool, .api = s->api};
    enum err err = manager_start(&options, &s->manager);
    return err ? service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error) : SERVICE_EXIT_DONE;
}

void service_warn_of_open_doors(const struct service *s, const struct settings *settings) {
    for (size_t i = 0; i < s->sockets.count; i++)
        if (settings->auth.allow_anonymous && !access_is_local(s->sockets.items[i].fd))
            log_warning("listening beyond loopback: whoever reaches this address may fetch",
                        log_text("address", s->sockets.items[i].address));
}

static void announce(const struct service *s) {
    for (size_t i = 0; i < s->sockets.count; i++)
        log_info("listening", log_text("address", s->sockets.items[i].address));
    service_warn_of_open_doors(s, s->settings);
    log_info("ready", log_text("version", FETCHPOOL_VERSION));
    manager_ready(s->manager);
}

enum service_exit service_check(const struct settings *settings, char ret_error[SERVICE_ERROR_BYTES]) {
    struct service s = {.settings = settings};
    enum service_exit code = service_exit_of_access(access_check(settings, ret_error));
    if (!code)
        code = check_unix_access(settings, ret_error);
    if (!code)
        code = start_fetcher(&s, ret_error);
    if (!code)
        code = service_read_certificate(settings, &s.certificate, ret_error);
    tls_pair_destroy(s.certificate);
    fetcher_destroy(s.fetcher);
    timers_destroy(s.timers);
    return code;
}

static enum service_exit start_parts(struct service *s, void (*drained)(void *arg), void *arg,
                                     char ret_error[SERVICE_ERROR_BYTES]) {
    enum service_exit code = start_fetcher(s, ret_error);
    if (!code)
        code = start_pool(s, ret_error);
    if (!code)
        code = service_read_certificate(s->settings, &s->certificate, ret_error);
    if (!code)
        code = start_listening(s, ret_error);
    if (!code)
        code = start_auth(s, ret_error);
    if (!code)
        code = start_api(s, drained, arg, ret_error);
    if (!code)
        code = start_manager(s, ret_error);
    if (!code)
        announce(s);
    return code;
}

enum service_exit service_start(struct settings *settings, void (*drained)(void *arg), void *arg,
                                struct service **ret_service, char ret_error[SERVICE_ERROR_BYTES]) {
    struct settings_share *share;
    if (settings_share_create(settings, &share))
        return service_fail(SERVICE_EXIT_FAILED, err_text(ERR_NOMEM), ret_error);
    struct service *s = calloc(1, sizeof *s);
    if (!s) {
        settings_share_destroy(share);
        return service_fail(SERVICE_EXIT_FAILED, err_text(ERR_NOMEM), ret_error);
    }
    s->share = share;
    s->settings = settings_share_ref(share);
    enum service_exit code = start_parts(s, drained, arg, ret_error);
    settings_unref(s->settings);
    s->settings = NULL;
    if (code) {
        service_stop(s);
        return code;
    }
    *ret_service = s;
    return SERVICE_EXIT_DONE;
}

void service_begin_reload(struct service *s) {
    manager_reloading(s->manager);
}

void service_end_reload(struct service *s, const char *error) {
    manager_reloaded(s->manager, error);
}

void service_drain(struct service *s) {
    const struct settings *settings = settings_share_ref(s->share);
    api_drain(s->api);
    manager_stopping(s->manager,
                     settings->server.drain_delay_ms + settings->server.drain_timeout_ms + SERVICE_STOP_GRACE_MS);
    settings_unref(settings);
}

void service_stop(struct service *s) {
    if (!s)
        return;
    manager_stop(s->manager);
    api_destroy(s->api);
    tls_pair_destroy(s->certificate);
    listen_close(&s->sockets);
    pool_destroy(s->pool);
    manager_destroy(s->manager); /* the pool may have had its scout */
    auth_destroy(s->auth);       /* batches hold grants of it */
    fetcher_destroy(s->fetcher);
    timers_destroy(s->timers);
    settings_share_destroy(s->share);
    free(s->fds);
    free(s);
}
