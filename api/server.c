#include "api/server.h"

#include "api/api_state.h"
#include "api/drain.h"
#include "api/intake.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <microhttpd.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_CONNECTION_MEMORY_BYTES = 16 * 1024, SERVER_PAUSE_MS = 10 };

/* The library could not accept for want of descriptors, and says so in no other way. Without connections it tries again
 * at once, else when one has closed. Idle connections of fetches make room; the pause keeps it from spinning. */
static void make_room(struct api *api) {
    sem_t never;
    fetcher_make_room(api->options.fetcher);
    sem_init(&never, 0, 0);
    (void)thread_wait_until(&never, clock_after_ms(SERVER_PAUSE_MS)); /* nobody posts it */
    sem_destroy(&never);
}

/* That a client has left, or that we closed its connection because of that. */
static bool is_no_news(const char *text) {
    static const char *const starts[] = {"Application reported", "Failed to send the response"};
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

/* The sockets share server.max_connections. */
static unsigned connection_limit(const struct api *api) {
    size_t limit = (size_t)api->options.settings->server.max_connections / api->options.socket_count;
    return limit > 0 ? (unsigned)limit : 1;
}

static struct MHD_Daemon *start_daemon(struct api *api, int listen_socket) {
    const struct settings *settings = api->options.settings;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, intake_on_request, api,
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, api,
                            MHD_OPTION_LISTEN_SOCKET, listen_socket,
                            MHD_OPTION_NOTIFY_COMPLETED, intake_on_completed, api,
                            MHD_OPTION_NOTIFY_CONNECTION, intake_on_connection, api,
                            MHD_OPTION_CONNECTION_LIMIT, connection_limit(api),
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((settings->server.idle_timeout_ms + 999) / 1000),
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_MEMORY_BYTES,
                            MHD_OPTION_END);
    /* clang-format on */
}

enum err api_create(const struct api_options *options, struct api **ret_api) {
    struct api *api = calloc(1, sizeof *api + options->socket_count * sizeof api->daemons[0]);
    if (!api)
        return ERR_NOMEM;
    api->options = *options;
    drain_init(api);
    MHD_set_panic_func(panic, NULL);
    enum err err = background_create(&api->background);
    if (!err)
        err = monitor_create(&api->monitor);
    if (err) {
        api_destroy(api);
        return err;
    }
    for (size_t i = 0; i < options->socket_count; i++) {
        api->daemons[i] = start_daemon(api, options->sockets[i]);
        if (!api->daemons[i]) {
            api_destroy(api);
            return ERR_LIBRARY;
        }
        api->daemon_count++;
    }
    *ret_api = api;
    return ERR_NONE;
}

/* Quiesced first, so that the library leaves the listening sockets open: they are not ours. */
void api_destroy(struct api *api) {
    if (!api)
        return;
    timers_cancel(api->options.timers, &api->drain_timeout);
    timers_cancel(api->options.timers, &api->drain_grace);
    for (size_t i = 0; i < api->daemon_count; i++)
        (void)MHD_quiesce_daemon(api->daemons[i]); /* gives the socket back */
    for (size_t i = 0; i < api->daemon_count; i++)
        MHD_stop_daemon(api->daemons[i]);
    background_destroy(api->background);
    monitor_destroy(api->monitor);
    drain_fini(api);
    free(api);
}
