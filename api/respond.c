#include "api/respond.h"

#include "api/connection.h"
#include "api/context.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What pages of server.allowed_origins may send and see. */
#define RESPOND_METHODS "GET, HEAD, POST, PATCH, DELETE"
#define RESPOND_HEADERS "Accept, Authorization, Content-Type, Idempotency-Key, Traceparent"
#define RESPOND_EXPOSED "Allow, Fetchpool-Batch, Location, RateLimit, RateLimit-Policy, Retry-After"

enum { RESPOND_BLOCK_BYTES = 64 * 1024, RESPOND_PROBLEM_MAX_BYTES = 32 * 1024, RESPOND_BROKEN_S = 1 };

/* A body and where it goes. */
struct stream {
    struct MHD_Connection *connection;
    respond_read_fn *read;
    void *call;
};

static bool add_header(struct MHD_Response *response, const char *name, const char *value) {
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* For the page that asks. Fetch standard, section 3.2.3. */
static bool add_origin(const struct request *r, struct MHD_Response *response) {
    bool varies = r->settings->server.allowed_origins.count > 0;
    if (varies && !add_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ORIGIN))
        return false;
    return !r->allowed_origin ||
           (add_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, r->allowed_origin) &&
            add_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, RESPOND_EXPOSED));
}

/* Takes over the response. */
static void queue_cached(struct request *r, int status, const char *type, const char *cache,
                         struct MHD_Response *response) {
    if (!response)
        return;
    bool ok = (!type || add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type)) &&
              add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache) &&
              add_header(response, "X-Content-Type-Options", "nosniff") && add_origin(r, response);
    if (ok && r->rates.policy[0])
        ok = add_header(response, "RateLimit-Policy", r->rates.policy) &&
             add_header(response, "RateLimit", r->rates.state);
    if (ok && r->batch_id)
        ok = add_header(response, "Fetchpool-Batch", r->batch_id);
    if (ok && r->closing)
        ok = add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    connection_send(r->client);
    r->responded = ok && MHD_queue_response(r->connection, (unsigned)status, response) == MHD_YES;
    if (r->responded)
        traffic_count_answer(api_traffic(r->api), r->route, status);
    MHD_destroy_response(response);
}

static void queue(struct request *r, int status, const char *type, struct MHD_Response *response) {
    queue_cached(r, status, type, "no-store", response);
}

void respond_preflight(struct request *r) {
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response && add_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, RESPOND_METHODS) &&
        add_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, RESPOND_HEADERS) &&
        add_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "600"))
        queue(r, 204, NULL, response);
    else if (response)
        MHD_destroy_response(response);
}

static struct MHD_Response *create_from(struct buf *body) {
    size_t len;
    char *data = buf_take(body, &len);
    struct MHD_Response *response = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(data);
    return response;
}

void respond_json(struct request *r, int status, struct buf *body) {
    queue(r, status, "application/json", create_from(body));
}

void respond_whole(struct request *r, const char *media_type, struct buf *body) {
    queue(r, 200, media_type, create_from(body));
}

static bool has_document(const struct request *r, const char *tag) {
    const char *known = request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return known && (strstr(known, tag) || strcmp(known, "*") == 0);
}

void respond_document(struct request *r, const struct respond_document *document) {
    bool is_known = has_document(r, document->tag);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        is_known ? 0 : document->len, (void *)(uintptr_t)document->text, MHD_RESPMEM_PERSISTENT);
    if (response && add_header(response, MHD_HTTP_HEADER_ETAG, document->tag))
        queue_cached(r, is_known ? 304 : 200, document->media_type, "no-cache", response);
    else if (response)
        MHD_destroy_response(response);
}

static bool add_number_header(struct MHD_Response *response, const char *name, int value) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", value);
    return add_header(response, name, text);
}

void respond_problem(struct request *r, const struct problem *p) {
    struct buf body;
    traffic_count_refusal(api_traffic(r->api), p);
    buf_init(&body, RESPOND_PROBLEM_MAX_BYTES);
    if (problem_json(p, &body) || buf_append_char(&body, '\n')) {
        buf_fini(&body);
        return;
    }
    struct MHD_Response *response = create_from(&body);
    bool ok = response != NULL;
    if (ok && p->allow[0])
        ok = add_header(response, MHD_HTTP_HEADER_ALLOW, p->allow);
    if (ok && p->authenticate[0])
        ok = add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, p->authenticate);
    if (ok && p->retry_after_s)
        ok = add_number_header(response, MHD_HTTP_HEADER_RETRY_AFTER, p->retry_after_s);
    if (ok)
        queue(r, p->status, "application/problem+json", response);
    else if (response)
        MHD_destroy_response(response);
}

/* By epoll, libmicrohttpd 0.9.75 leaves a connection open whose reader ends it with an error, until none has been quiet
 * for longer. Those with a time limit of their own it looks at in each turn of its loop, and it wakes for the limit. */
static void have_closed(struct MHD_Connection *connection) {
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)RESPOND_BROKEN_S);
}

static ssize_t read_stream(void *arg, uint64_t position, char *bytes, size_t size) {
    struct stream *stream = arg;
    (void)position;
    ssize_t n = stream->read(stream->call, bytes, size);
    if (n == RESPOND_READ_BROKEN)
        have_closed(stream->connection);
    return n == RESPOND_READ_END      ? MHD_CONTENT_READER_END_OF_STREAM
           : n == RESPOND_READ_BROKEN ? MHD_CONTENT_READER_END_WITH_ERROR
                                      : n;
}

void respond_stream(struct request *r, const struct respond_stream *body) {
    struct stream *stream = malloc(sizeof *stream);
    if (!stream)
        return;
    *stream = (struct stream){.connection = r->connection, .read = body->read, .call = body->call};
    uint64_t size = body->length == RESPOND_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN : body->length;
    struct MHD_Response *response =
        MHD_create_response_from_callback(size, RESPOND_BLOCK_BYTES, read_stream, stream, free);
    if (!response)
        free(stream);
    queue(r, 200, body->media_type, response);
}
