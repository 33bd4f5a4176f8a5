#include "api/server.h"

#include "api/connection.h"
#include "api/context.h"
#include "api/problem.h"
#include "api/request.h"
#include "api/request_check.h"
#include "api/respond.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERVER_CONNECTION_MEMORY_BYTES = 64 * 1024,
    SERVER_REFUSED_BODIES = 4,    /* so many times the largest body is read, and dropped, before a refusal */
    SERVER_DRAIN_GRACE_MS = 5000, /* for clients to read their answers after the drain timeout */
    SERVER_GRACE_STEP_MS = 100,
    SERVER_RETRY_AFTER_S = 5,
};

struct api {
    struct api_options options;
    struct timer_event drain_timeout;
    struct timer_event drain_grace;
    size_t max_body_bytes;
    struct background *background;
    struct monitor *monitor;
    _Atomic size_t body_bytes; /* of all requests */
    _Atomic size_t suspended;  /* requests */
    pthread_mutex_t lock;      /* guards the three below */
    size_t open_requests;      /* whose body is there and whose answer is not sent */
    bool draining;
    bool drained;
    _Atomic bool is_draining; /* the same as `draining`, for those who only ask */
    size_t daemon_count;
    struct MHD_Daemon *daemons[];
};

const struct api_options *api_options(const struct api *api) {
    return &api->options;
}

struct background *api_background(const struct api *api) {
    return api->background;
}

struct monitor *api_monitor(const struct api *api) {
    return api->monitor;
}

bool api_is_draining(const struct api *api) {
    return atomic_load(&api->is_draining);
}

/* ---- connections ---- */

static struct connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* A request may wait for its first byte as long as a connection may be idle, and then take as long again. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    const struct api *api = arg;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connection_destroy(*socket_context);
        *socket_context = NULL;
    } else if (info) {
        int64_t limit_ms = 2 * api->options.settings->server.idle_timeout_ms;
        *socket_context = connection_create(api->options.timers, info->connect_fd, limit_ms);
    }
}

/* ---- requests ---- */

static bool take_drained_locked(struct api *api) {
    bool now = api->draining && api->open_requests == 0 && !api->drained;
    api->drained = api->drained || now;
    return now;
}

static struct request *open_request(struct api *api, struct MHD_Connection *connection, const char *method,
                                    const char *path) {
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->api = api;
    r->connection = connection;
    r->method = method;
    r->path = path;
    r->all_suspended = &api->suspended;
    buf_init(&r->body, api->max_body_bytes + 1); /* and a NUL */
    return r;
}

/* From here on a drain waits for the answer. A request that is still being sent is not waited for. */
static void count_open(struct request *r) {
    if (r->is_open)
        return;
    r->is_open = true;
    connection_disarm(connection_of(r->connection));
    pthread_mutex_lock(&r->api->lock);
    r->api->open_requests++;
    pthread_mutex_unlock(&r->api->lock);
}

static void count_closed(struct api *api) {
    pthread_mutex_lock(&api->lock);
    api->open_requests--;
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        api->options.drained(api->options.arg);
}

void api_drop_body(struct request *r) {
    atomic_fetch_sub(&r->api->body_bytes, r->counted_bytes);
    r->counted_bytes = 0;
    buf_fini(&r->body);
}

static void close_request(void *arg, struct MHD_Connection *connection, void **con_cls,
                          enum MHD_RequestTerminationCode code) {
    struct api *api = arg;
    struct request *r = *con_cls;
    (void)code; /* success says only that the kernel took the bytes */
    if (!r)
        return;
    connection_arm(connection_of(connection));
    *con_cls = NULL;
    if (r->ops)
        r->ops->close(r->call);
    bool was_open = r->is_open;
    api_drop_body(r);
    free(r);
    if (was_open)
        count_closed(api);
}

static void refuse_draining(struct request *r) {
    problem_set(&r->refusal, 503, "the service is shutting down");
    r->refusal.retry_after_s = SERVER_RETRY_AFTER_S;
}

/* What can be refused before the body comes. A client that waits for "100 Continue" is told at once, before it sends
 * it; one that sends it anyway has to get rid of it first, or it would see a reset connection instead of the answer. */
static void examine(struct request *r) {
    const char *length = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    r->route = router_find(r->method, r->path, &r->refusal);
    if (r->route && r->route->takes_work && api_is_draining(r->api))
        refuse_draining(r);
    if (length && strtoull(length, NULL, 10) > r->api->max_body_bytes)
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    r->api->max_body_bytes);
}

static bool must_refuse_at_once(const struct request *r) {
    const char *length = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *expect = request_header(r, MHD_HTTP_HEADER_EXPECT);
    return expect || (length && strtoull(length, NULL, 10) > r->api->max_body_bytes * SERVER_REFUSED_BODIES);
}

static void keep_body(struct request *r, const char *data, size_t size) {
    struct api *api = r->api;
    r->counted_bytes += size;
    if (atomic_fetch_add(&api->body_bytes, size) + size > (size_t)api->options.settings->server.request_memory_bytes) {
        problem_set(&r->refusal, 503, "the bodies of all requests take too much memory (server.request_memory)");
        r->refusal.retry_after_s = SERVER_RETRY_AFTER_S;
    } else if (size > api->max_body_bytes - r->body.len) {
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    api->max_body_bytes);
    } else if (buf_append(&r->body, data, size)) {
        problem_set(&r->refusal, 503, "out of memory");
    }
}

/* False: the connection is to be closed. A body that nobody wants is read, within limits, and dropped. */
static bool take_body(struct request *r, const char *data, size_t size) {
    if (r->refusal.status == 0 && r->route->takes_work)
        keep_body(r, data, size);
    if (r->refusal.status == 0 && r->route->takes_work)
        return true;
    api_drop_body(r);
    r->discarded_bytes += size;
    return r->discarded_bytes <= r->api->max_body_bytes * SERVER_REFUSED_BODIES;
}

static enum MHD_Result outcome(const struct request *r) {
    return r->responded || r->suspended ? MHD_YES : MHD_NO;
}

static enum MHD_Result refuse(struct request *r) {
    count_open(r);
    respond_problem(r, &r->refusal);
    return outcome(r);
}

/* A refusal of the header itself closes the connection: what comes behind it cannot be trusted to be a request. */
static enum MHD_Result begin_request(struct request *r) {
    connection_arm(connection_of(r->connection));
    bool sound = request_check(r, &r->refusal);
    r->closing = !sound || api_is_draining(r->api);
    if (sound)
        examine(r);
    return !sound || (r->refusal.status && must_refuse_at_once(r)) ? refuse(r) : MHD_YES;
}

/* Called by libmicrohttpd when the header is there, for each piece of the body, at its end, and again after each
 * resume. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **con_cls) {
    struct request *r = *con_cls;
    (void)version;
    if (!r) {
        *con_cls = r = open_request(arg, connection, method, path);
        if (!r)
            return MHD_NO;
        return begin_request(r);
    }
    r->closing = api_is_draining(r->api);
    if (*data_size > 0) {
        size_t size = *data_size;
        *data_size = 0;
        return take_body(r, data, size) ? MHD_YES : MHD_NO;
    }
    count_open(r); /* before the look at the drain: either it waits for this request, or the request is refused */
    if (!r->handled && r->refusal.status == 0 && r->route->takes_work && api_is_draining(r->api))
        refuse_draining(r);
    if (r->refusal.status)
        return refuse(r);
    r->suspended = false;
    if (r->handled)
        r->ops->proceed(r, r->call);
    else if (buf_terminate(&r->body) == ERR_NONE)
        r->route->handle(r);
    r->handled = true;
    return outcome(r);
}

/* ---- life ---- */

static void log_library(void *arg, const char *format, va_list args) {
    char text[256];
    (void)arg;
    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_warning("front end", log_text("detail", text));
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
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, api,
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
                            MHD_OPTION_LISTEN_SOCKET, listen_socket,
                            MHD_OPTION_NOTIFY_COMPLETED, close_request, api,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, api,
                            MHD_OPTION_CONNECTION_LIMIT, connection_limit(api),
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((settings->server.idle_timeout_ms + 999) / 1000),
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_MEMORY_BYTES,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_END);
    /* clang-format on */
}

static void drain_time_is_over(void *arg) {
    api_drain_now(arg);
}

/* Clients that do not read are left behind. A request that is suspended is waited for all the same, as the library
 * would abort: its fetches were cancelled, and end. */
static void grace_is_over(void *arg) {
    struct api *api = arg;
    size_t suspended = atomic_load(&api->suspended);
    if (suspended > 0 && timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + SERVER_GRACE_STEP_MS) == 0)
        return;
    pthread_mutex_lock(&api->lock);
    size_t open = api->open_requests;
    bool drained = !api->drained;
    api->drained = true;
    pthread_mutex_unlock(&api->lock);
    if (!drained)
        return;
    log_warning("clients did not read their answers", log_int("requests", (int64_t)open));
    api->options.drained(api->options.arg);
}

enum err api_create(const struct api_options *options, struct api **ret_api) {
    struct api *api = calloc(1, sizeof *api + options->socket_count * sizeof api->daemons[0]);
    if (!api)
        return ERR_NOMEM;
    api->options = *options;
    api->max_body_bytes = (size_t)options->settings->server.max_request_bytes;
    pthread_mutex_init(&api->lock, NULL);
    timer_event_init(&api->drain_timeout, drain_time_is_over, api);
    timer_event_init(&api->drain_grace, grace_is_over, api);
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
    pthread_mutex_destroy(&api->lock);
    free(api);
}

void api_drain(struct api *api) {
    int64_t end_ms = clock_now_ms() + api->options.settings->server.drain_timeout_ms;
    pool_close(api->options.pool);
    atomic_store(&api->is_draining, true);
    bool timed = timers_set(api->options.timers, &api->drain_timeout, end_ms) == ERR_NONE;
    pthread_mutex_lock(&api->lock);
    api->draining = true;
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        api->options.drained(api->options.arg);
    else if (!timed)
        api_drain_now(api);
}

void api_drain_now(struct api *api) {
    pool_cancel_all(api->options.pool, FETCH_SHUTDOWN);
    if (timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + SERVER_DRAIN_GRACE_MS))
        grace_is_over(api);
}
