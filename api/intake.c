#include "api/intake.h"

#include "api/admit.h"
#include "api/api_state.h"
#include "api/connection.h"
#include "api/context.h"
#include "api/drain.h"
#include "api/problem.h"
#include "api/pulse.h"
#include "api/request.h"
#include "api/request_check.h"
#include "api/respond.h"
#include "api/router.h"
#include "api/site_check.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    INTAKE_REFUSED_BODIES = 4, /* so many times the largest body is read, and dropped, before a refusal */
    INTAKE_RETRY_AFTER_S = 5,
};

static size_t max_body_bytes(const struct request *r) {
    return (size_t)r->settings->server.max_request_bytes;
}

/* ---- connections ---- */

static struct connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static const struct sockaddr *address_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

struct api *intake_api_of(struct MHD_Connection *connection) {
    const struct connection *client = connection_of(connection);
    const struct pulse *pulse = client ? NULL : pulse_of(connection);
    return client ? connection_api(client) : pulse ? pulse_api(pulse) : NULL;
}

enum MHD_Result intake_on_accept(void *arg, const struct sockaddr *address, socklen_t len) {
    struct api *api = arg;
    (void)len;
    return pulse_is_address(address) || clients_knock(api->clients, address) ? MHD_YES : MHD_NO;
}

static void tell_refused(struct api *api, enum clients_verdict verdict) {
    if (verdict != CLIENTS_OPEN && clients_should_tell(api->clients, clock_now_ms()))
        log_warning("too many clients: connections are refused",
                    log_text("limit", verdict == CLIENTS_FULL ? "server.max_connections"
                                                              : "server.max_connections_per_address"));
}

static struct connection_limits limits_of(const struct settings *settings) {
    return (struct connection_limits){
        .header_ms = settings->server.header_timeout_ms,
        .idle_ms = settings->server.idle_timeout_ms,
        .body_ms = settings->server.body_timeout_ms,
        .read_speed = {.window_ms = settings->server.send_timeout_ms,
                       .bytes_per_s = settings->server.min_read_rate_bytes},
    };
}

/* On a Unix socket the library's clock of inactivity runs too. Not when it tells of a new connection: should it fail to
 * take that one in the end, it would leave it in the list of those with a clock of their own, freed. */
static void set_library_clock(struct MHD_Connection *connection, int64_t idle_ms) {
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)((idle_ms + 999) / 1000));
}

static struct connection *open_connection(struct api *api, struct MHD_Connection *connection, int fd) {
    const struct sockaddr *address = address_of(connection);
    const struct settings *settings = settings_share_ref(api->options.settings);
    struct connection_options options = {
        .api = api,
        .timers = api->options.timers,
        .limits = limits_of(settings),
        .fd = fd,
        .is_local = address && address->sa_family == AF_UNIX,
        .pass = clients_enter(api->clients, address),
    };
    settings_unref(settings);
    struct connection *client = connection_create(&options);
    if (!client)
        clients_leave(api->clients, options.pass);
    tell_refused(api, options.pass.verdict);
    return client;
}

/* A connection without a clock is not kept. */
void intake_on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    struct api *api = arg;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (pulse_is_address(address_of(connection)))
        return;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context)
            clients_leave(api->clients, connection_destroy(*socket_context));
        *socket_context = NULL;
        drain_look_for_clients(api);
    } else if (info) {
        *socket_context = open_connection(api, connection, info->connect_fd);
        if (!*socket_context)
            (void)shutdown(info->connect_fd, SHUT_RDWR); /* the front end sees it */
    }
}

/* ---- requests ---- */

void *intake_on_target(void *arg, const char *target, struct MHD_Connection *connection) {
    struct api *api = arg;
    struct connection *client = connection_of(connection);
    struct request *r = client ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    r->api = api;
    r->settings = settings_share_ref(api->options.settings);
    r->connection = connection;
    r->client = client;
    r->target_bytes = target ? strlen(target) : 0;
    r->target_fault = request_check_target(target);
    r->all_suspended = &api->suspended;
    buf_init(&r->body, max_body_bytes(r) + 1); /* and a NUL */
    return r;
}

/* From here on the request is ours: its clock stops, and a drain waits for its answer. */
static void own(struct request *r) {
    if (r->is_open)
        return;
    r->is_open = true;
    connection_work(r->client);
    drain_count_open(r->api);
}

void intake_on_completed(void *arg, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code) {
    struct api *api = arg;
    struct request *r = *con_cls;
    (void)connection;
    (void)code; /* success says only that the kernel took the bytes */
    if (!r)
        return;
    connection_await_header(r->client);
    *con_cls = NULL;
    if (r->ops)
        r->ops->close(r->call);
    bool was_open = r->is_open;
    auth_leave(&r->pass);
    api_drop_body(r);
    settings_unref(r->settings);
    free(r);
    if (was_open)
        drain_count_closed(api);
}

static void refuse_draining(struct request *r) {
    problem_set(&r->refusal, 503, "the service is shutting down");
    r->refusal.reason = PROBLEM_DRAINING;
    r->refusal.retry_after_s = INTAKE_RETRY_AFTER_S;
}

/* 0: the header does not tell. */
static unsigned long long announced_bytes(const struct request *r) {
    const char *length = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length ? strtoull(length, NULL, 10) : 0;
}

/* What can be refused before the body comes. A client that waits for "100 Continue" is told at once, before it sends
 * it; one that sends it anyway has to get rid of it first, or it would see a reset connection instead of the answer. */
static void examine(struct request *r) {
    r->route = router_find(r->method, r->path, &r->refusal);
    if (r->route)
        admit_request(r);
    if (r->refusal.status == 0 && r->route->takes_work && api_is_draining(r->api))
        refuse_draining(r);
    if (announced_bytes(r) > max_body_bytes(r))
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    max_body_bytes(r));
}

static bool must_refuse_at_once(const struct request *r) {
    bool waits = request_header(r, MHD_HTTP_HEADER_EXPECT) != NULL;
    return waits || announced_bytes(r) > max_body_bytes(r) * INTAKE_REFUSED_BODIES;
}

static void keep_body(struct request *r, const char *data, size_t size) {
    struct api *api = r->api;
    r->counted_bytes += size;
    if (atomic_fetch_add(&api->body_bytes, size) + size > (size_t)r->settings->server.request_memory_bytes) {
        problem_set(&r->refusal, 503, "the bodies of all requests take too much memory (server.request_memory)");
        r->refusal.retry_after_s = INTAKE_RETRY_AFTER_S;
    } else if (size > max_body_bytes(r) - r->body.len) {
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    max_body_bytes(r));
    } else if (buf_append(&r->body, data, size)) {
        problem_set(&r->refusal, 503, "out of memory");
    }
}

/* False: the connection is to be closed. A body that nobody wants is read, within limits, and dropped. */
static bool take_body(struct request *r, const char *data, size_t size) {
    if (r->refusal.status == 0 && router_keeps_body(r->route))
        keep_body(r, data, size);
    if (r->refusal.status == 0 && router_keeps_body(r->route))
        return true;
    api_drop_body(r);
    r->discarded_bytes += size;
    return r->discarded_bytes <= max_body_bytes(r) * INTAKE_REFUSED_BODIES;
}

static enum MHD_Result outcome(const struct request *r) {
    return r->responded || r->suspended ? MHD_YES : MHD_NO;
}

static enum MHD_Result refuse(struct request *r) {
    own(r);
    respond_problem(r, &r->refusal);
    return outcome(r);
}

/* The connection is one more than there may be. How the service fares is told all the same. */
static void examine_connection(struct request *r) {
    enum clients_verdict verdict = connection_verdict(r->client);
    if (verdict == CLIENTS_OPEN || r->refusal.status || router_is_vital(r->route))
        return;
    if (verdict == CLIENTS_FULL)
        problem_set(&r->refusal, 503, "there are too many clients (server.max_connections)");
    else
        problem_set(&r->refusal, 429,
                    "there are too many connections from this address (server.max_connections_per_address)");
    r->refusal.retry_after_s = INTAKE_RETRY_AFTER_S;
    r->refusal.reason = PROBLEM_CONNECTIONS;
}

/* That the token is missing is told before that the name is not ours. */
static void examine_host(struct request *r) {
    struct problem problem = {0};
    if (site_check_host(r, r->settings, auth_pass_name(&r->pass) != NULL, &problem))
        return;
    r->closing = r->closing || problem.status == 400;
    if (r->refusal.status == 0 || problem.status == 400)
        r->refusal = problem;
}

/* Browsers send no token with a preflight, and by what name they ask is judged with the request that follows. */
static enum MHD_Result permit(struct request *r) {
    if (!site_check_host(r, r->settings, true, &r->refusal)) {
        r->closing = true;
        return refuse(r);
    }
    own(r);
    respond_preflight(r);
    return outcome(r);
}

/* A refusal of the header itself closes the connection: what comes behind it cannot be trusted to be a request. */
static enum MHD_Result begin_request(struct request *r) {
    const struct settings *settings = r->settings;
    connection_await_body(r->client);
    if (request_is_local(r))
        set_library_clock(r->connection, settings->server.idle_timeout_ms);
    bool sound = request_check(r, &r->is_chunked, &r->refusal);
    r->closing = !sound || r->is_chunked || connection_verdict(r->client) != CLIENTS_OPEN;
    if (!sound)
        return refuse(r);
    bool welcome = site_check_origin(r, settings, &r->allowed_origin, &r->refusal);
    if (welcome && site_check_is_preflight(r))
        return permit(r);
    if (welcome)
        examine(r);
    examine_host(r);
    examine_connection(r);
    return r->refusal.status && must_refuse_at_once(r) ? refuse(r) : MHD_YES;
}

static enum MHD_Result finish_request(struct request *r) {
    own(r); /* before the look at the drain: either it waits for this request, or the request is refused */
    if (!r->handled && r->refusal.status == 0 && r->route->takes_work && api_is_draining(r->api))
        refuse_draining(r);
    if (!r->handled && r->is_chunked)
        (void)request_check_trailers(r, &r->refusal); /* sets the refusal */
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

/* Called by libmicrohttpd when the header is there, for each piece of the body, at its end, and again after each
 * resume. */
enum MHD_Result intake_on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **con_cls) {
    struct request *r = *con_cls;
    struct pulse *pulse = r ? NULL : pulse_of(connection);
    (void)arg;
    if (pulse)
        return pulse_beat(pulse, connection) ? MHD_YES : MHD_NO;
    if (!r) /* there was no memory for it */
        return MHD_NO;
    if (!r->has_begun) {
        r->has_begun = true;
        r->method = method;
        r->path = path;
        r->version = version;
        return begin_request(r);
    }
    r->closing = r->closing || api_stage(r->api) != API_STAGE_SERVING;
    if (*data_size == 0)
        return finish_request(r);
    size_t size = *data_size;
    *data_size = 0;
    return take_body(r, data, size) ? MHD_YES : MHD_NO;
}
