#include "api/server.h"

#include "api/api_state.h"
#include "api/drain.h"
#include "api/intake.h"
#include "api/pulse.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/usage.h"

#include <fcntl.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVER_CONNECTION_MEMORY_BYTES = 16 * 1024, SERVER_PAUSE_MS = 10, SERVER_ACCEPT_AGAIN_MS = 50 };

/* Until a touch comes through: another one needs two descriptors. */
static void accept_again(void *arg) {
    struct api *api = arg;
    bool touched = api->is_up;
    for (size_t i = 0; touched && i < api->front_count; i++)
        touched = pulse_touch(api->fronts[i].daemon) == ERR_NONE;
    if (!touched)
        timers_set(api->options.timers, &api->accept_again, clock_now_ms() + SERVER_ACCEPT_AGAIN_MS);
}

/* The library could not accept for want of descriptors, and says so in no other way. Without connections it tries again
 * at once, else when one has closed, be it a touch. Idle connections of fetches make room; the pause keeps it from
 * spinning. */
static void make_room(struct api *api) {
    sem_t never;
    fetcher_make_room(api->options.fetcher);
    timers_set(api->options.timers, &api->accept_again, clock_now_ms() + SERVER_ACCEPT_AGAIN_MS);
    sem_init(&never, 0, 0);
    (void)thread_wait_until(&never, clock_after_ms(SERVER_PAUSE_MS)); /* nobody posts it */
    sem_destroy(&never);
}

/* What a client did that has left, or that speaks no HTTP or no TLS, and what is told elsewhere: whoever connects could
 * fill the log with it. */
static bool is_no_news(const char *text) {
    static const char *const starts[] = {
        "Application reported",     "Failed to send ",
        "Error processing request", "Failed to parse `Content-Length'",
        "Too large value of",       "Too late to send an error response",
        "Connection socket is",     "Connection was closed by remote",
        "Socket has been",          "Error: received handshake message",
        "Not enough memory in",     "Server reached connection limit",
        "Connection rejected by",   "Error accepting connection",
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void log_library(void *arg, const char *format, va_list args) {
    char text[256];
    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    if (strstr(text, "resource limit")) { /* told by the fetcher, once */
        make_room(arg);
        return;
    }
    LOG_AT(is_no_news(text) ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "front end", log_text("detail", text));
}

static void panic(void *arg, const char *file, unsigned line, const char *reason) {
    (void)arg;
    log_error("front end library failed", log_text("file", file), log_int("line", line),
              log_text("reason", reason ? reason : ""));
    abort();
}

/* For each socket as many as for all: the clients counts them together. And the pulse. */
static unsigned connection_limit(const struct api *api) {
    return (unsigned)api->max_connections + API_SPARE_CONNECTIONS + 1;
}

static bool is_local(int listen_socket) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    return getsockname(listen_socket, (struct sockaddr *)&address, &len) == 0 && address.ss_family == AF_UNIX;
}

/* A gnutls_certificate_retrieve_function2; libmicrohttpd leaves the connection in the session. */
static int show_certificate(struct gnutls_session_int *session, const gnutls_datum_t *authorities, int authority_count,
                            const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                            unsigned *ret_count, gnutls_privkey_t *ret_key) {
    const struct api *api = intake_api_of(gnutls_session_get_ptr(session));
    (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    if (!api)
        return -1;
    struct tls_shown shown = tls_show(api->tls);
    *ret_chain = shown.chain;
    *ret_count = shown.count;
    *ret_key = shown.key;
    return 0;
}

/* As it is until a request has come. */
static unsigned idle_seconds(const struct api *api) {
    const struct settings *settings = settings_share_ref(api->options.settings);
    unsigned idle_s = (unsigned)((settings->server.idle_timeout_ms + 999) / 1000);
    settings_unref(settings);
    return idle_s;
}

/* Connections over TCP have a clock of ours, which knows more than inactivity. By epoll the library would not rest
 * while a handshake stands still. */
static struct MHD_Daemon *start_daemon(struct api *api, int listen_socket, bool speaks_tls) {
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)show_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned idle_s = is_local(listen_socket) ? idle_seconds(api) : 0;
    unsigned flags = (speaks_tls ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS : MHD_USE_EPOLL_INTERNAL_THREAD) |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    /* clang-format off */
    return MHD_start_daemon(flags, 0, intake_on_accept, api, intake_on_request, api,
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, api,
                            MHD_OPTION_LISTEN_SOCKET, listen_socket,
                            MHD_OPTION_URI_LOG_CALLBACK, intake_on_target, api,
                            MHD_OPTION_NOTIFY_COMPLETED, intake_on_completed, api,
                            MHD_OPTION_NOTIFY_CONNECTION, intake_on_connection, api,
                            MHD_OPTION_CONNECTION_LIMIT, connection_limit(api),
                            MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_MEMORY_BYTES,
                            MHD_OPTION_ARRAY, speaks_tls ? tls : &tls[sizeof tls / sizeof tls[0] - 1],
                            MHD_OPTION_END);
    /* clang-format on */
}

static enum err create_clients(struct api *api) {
    const struct settings *settings = settings_share_ref(api->options.settings);
    const struct clients_options clients = {
        .max = (size_t)settings->server.max_connections,
        .max_per_address = (size_t)settings->server.max_connections_per_address,
        .spare = API_SPARE_CONNECTIONS,
    };
    settings_unref(settings);
    api->max_connections = clients.max;
    return clients_create(&clients, &api->clients);
}

static enum err create_parts(struct api *api) {
    enum err err = background_create("fp-decode", &api->decoding);
    if (!err)
        err = background_create("fp-metrics", &api->scraping);
    if (!err)
        err = monitor_create(&api->monitor);
    if (!err)
        err = create_clients(api);
    if (!err && api->options.certificate)
        err = tls_create(&api->tls);
    return err;
}

/* The library closes its descriptor of the socket in the end, and on some failures: it gets one of its own. */
static enum err start_front(struct api *api, struct api_front *front, int listen_socket) {
    bool speaks_tls = api->tls && !is_local(listen_socket);
    front->fd = fcntl(listen_socket, F_DUPFD_CLOEXEC, 0);
    if (front->fd < 0)
        return ERR_IO;
    front->daemon = start_daemon(api, front->fd, speaks_tls);
    if (!front->daemon)
        return ERR_LIBRARY;
    api->front_count++;
    /* Where nobody asks it would be two descriptors for nothing. */
    bool wants_pulse = api->options.is_watched || api->options.sockets_stay;
    return wants_pulse ? pulse_start(api, front->daemon, speaks_tls, &front->pulse) : ERR_NONE;
}

static enum err start_fronts(struct api *api) {
    enum err err = ERR_NONE;
    if (api->tls)
        tls_use(api->tls, api->options.certificate);
    for (size_t i = 0; i < api->options.socket_count && !err; i++)
        err = start_front(api, &api->fronts[i], api->options.sockets[i]);
    return err;
}

enum err api_create(const struct api_options *options, struct api **ret_api) {
    struct api *api = calloc(1, sizeof *api + options->socket_count * sizeof api->fronts[0]);
    if (!api) {
        tls_pair_destroy(options->certificate);
        return ERR_NOMEM;
    }
    api->options = *options;
    drain_init(api);
    timer_event_init(&api->accept_again, accept_again, api);
    MHD_set_panic_func(panic, NULL);
    api->started_at_us = usage_read().started_at_us;
    enum err err = create_parts(api);
    if (err)
        tls_pair_destroy(options->certificate);
    else
        err = start_fronts(api);
    if (err) {
        api_destroy(api);
        return err;
    }
    api->is_up = true;
    *ret_api = api;
    return ERR_NONE;
}

bool api_use_certificate(struct api *api, struct tls_pair *pair) {
    bool stays = (api->tls != NULL) == (pair != NULL);
    if (api->tls && pair)
        tls_use(api->tls, pair);
    else
        tls_pair_destroy(pair);
    return stays;
}

void api_apply(struct api *api, const struct settings *settings) {
    clients_limit_addresses(api->clients, (size_t)settings->server.max_connections_per_address);
}

void api_ask(struct api *api) {
    for (size_t i = 0; i < api->front_count; i++)
        pulse_ask(api->fronts[i].pulse);
}

bool api_has_answered(struct api *api) {
    for (size_t i = 0; i < api->front_count; i++)
        if (api->fronts[i].pulse && !pulse_has_beaten(api->fronts[i].pulse))
            return false;
    return true;
}

static void stop_front(const struct api_front *front) {
    bool is_quiet = front->pulse && pulse_is_quiet(front->pulse);
    MHD_stop_daemon(front->daemon);
    if (is_quiet)
        (void)close(front->fd); /* was listened on, never written to */
    pulse_destroy(front->pulse);
}

void api_destroy(struct api *api) {
    if (!api)
        return;
    timers_cancel(api->options.timers, &api->drain_delay);
    timers_cancel(api->options.timers, &api->drain_timeout);
    timers_cancel(api->options.timers, &api->drain_grace);
    api->is_up = false;
    timers_cancel(api->options.timers, &api->accept_again);
    for (size_t i = 0; i < api->front_count; i++)
        pulse_end(api->fronts[i].pulse);
    for (size_t i = 0; i < api->front_count; i++)
        stop_front(&api->fronts[i]);
    timers_cancel(api->options.timers, &api->accept_again); /* set by a front that was still there */
    background_destroy(api->decoding);
    background_destroy(api->scraping);
    monitor_destroy(api->monitor);
    clients_destroy(api->clients);
    tls_destroy(api->tls);
    drain_fini(api);
    free(api);
}
