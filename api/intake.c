#include "api/intake.h"

#include "api/admit.h"
#include "api/api_state.h"
#include "api/connection.h"
#include "api/context.h"
#include "api/drain.h"
#include "api/problem.h"
#include "api/request.h"
#include "api/request_check.h"
#include "api/respond.h"
#include "api/router.h"

#include <stdlib.h>

enum {
    INTAKE_REFUSED_BODIES = 4, /* so many times the largest body is read, and dropped, before a refusal */
    INTAKE_RETRY_AFTER_S = 5,
};

static size_t max_body_bytes(const struct api *api) {
    return (size_t)api->options.settings->server.max_request_bytes;
}

/* ---- connections ---- */

static struct connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* A request may wait for its first byte as long as a connection may be idle, and then take as long again. */
void intake_on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
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
    buf_init(&r->body, max_body_bytes(api) + 1); /* and a NUL */
    return r;
}

/* From here on the request is ours: its clock stops, and a drain waits for its answer. */
static void own(struct request *r) {
    if (r->is_open)
        return;
    r->is_open = true;
    connection_disarm(connection_of(r->connection));
    drain_count_open(r->api);
}

void intake_on_completed(void *arg, struct MHD_Connection *connection, void **con_cls,
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
    auth_leave(&r->pass);
    api_drop_body(r);
    free(r);
    if (was_open)
        drain_count_closed(api);
}

static void refuse_draining(struct request *r) {
    problem_set(&r->refusal, 503, "the service is shutting down");
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
    if (announced_bytes(r) > max_body_bytes(r->api))
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    max_body_bytes(r->api));
}

static bool must_refuse_at_once(const struct request *r) {
    bool waits = request_header(r, MHD_HTTP_HEADER_EXPECT) != NULL;
    return waits || announced_bytes(r) > max_body_bytes(r->api) * INTAKE_REFUSED_BODIES;
}

static void keep_body(struct request *r, const char *data, size_t size) {
    struct api *api = r->api;
    r->counted_bytes += size;
    if (atomic_fetch_add(&api->body_bytes, size) + size > (size_t)api->options.settings->server.request_memory_bytes) {
        problem_set(&r->refusal, 503, "the bodies of all requests take too much memory (server.request_memory)");
        r->refusal.retry_after_s = INTAKE_RETRY_AFTER_S;
    } else if (size > max_body_bytes(api) - r->body.len) {
        problem_set(&r->refusal, 413, "the body is larger than %zu bytes (server.max_request_bytes)",
                    max_body_bytes(api));
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
    return r->discarded_bytes <= max_body_bytes(r->api) * INTAKE_REFUSED_BODIES;
}

static enum MHD_Result outcome(const struct request *r) {
    return r->responded || r->suspended ? MHD_YES : MHD_NO;
}

static enum MHD_Result refuse(struct request *r) {
    own(r);
    respond_problem(r, &r->refusal);
    return outcome(r);
}

/* A refusal of the header itself closes the connection: what comes behind it cannot be trusted to be a request. */
static enum MHD_Result begin_request(struct request *r, const char *version) {
    connection_arm(connection_of(r->connection));
    bool sound = request_check(r, version, &r->refusal);
    r->closing = !sound || api_is_draining(r->api);
    if (sound)
        examine(r);
    return !sound || (r->refusal.status && must_refuse_at_once(r)) ? refuse(r) : MHD_YES;
}

/* Called by libmicrohttpd when the header is there, for each piece of the body, at its end, and again after each
 * resume. */
enum MHD_Result intake_on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **con_cls) {
    struct request *r = *con_cls;
    if (!r) {
        *con_cls = r = open_request(arg, connection, method, path);
        if (!r)
            return MHD_NO;
        return begin_request(r, version);
    }
    r->closing = api_is_draining(r->api);
    if (*data_size > 0) {
        size_t size = *data_size;
        *data_size = 0;
        return take_body(r, data, size) ? MHD_YES : MHD_NO;
    }
    own(r); /* before the look at the drain: either it waits for this request, or the request is refused */
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
