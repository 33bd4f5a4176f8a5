#include "api/context.h"
#include "api/handlers.h"
#include "api/respond.h"
#include "base/json.h"
#include "base/version.h"
#include "pool/fetcher_stats.h"

enum { STATUS_MAX_BYTES = 1024, READY_RETRY_AFTER_S = 5 };

struct status_field {
    const char *key;
    const char *value;
};

static void open_answer(struct json *j, struct buf *body) {
    buf_init(body, STATUS_MAX_BYTES);
    json_begin(j, body);
    json_object_open(j);
}

static void respond_answer(struct request *r, struct json *j) {
    struct buf *body = j->out;
    json_object_close(j);
    if (json_end(j) == ERR_NONE && buf_append_char(body, '\n') == ERR_NONE)
        respond_json(r, 200, body);
    buf_fini(body);
}

static void respond_fields(struct request *r, const struct status_field *fields, size_t count) {
    struct buf body;
    struct json j;
    open_answer(&j, &body);
    for (size_t i = 0; i < count; i++) {
        json_key(&j, fields[i].key);
        json_text(&j, fields[i].value);
    }
    respond_answer(r, &j);
}

void handle_healthz(struct request *r) {
    respond_fields(r, &(struct status_field){"status", "ok"}, 1);
}

void handle_readyz(struct request *r) {
    struct problem problem = {.retry_after_s = READY_RETRY_AFTER_S, .reason = PROBLEM_NO_REFUSAL};
    struct pool_stats stats;
    pool_read_stats(api_options(r->api)->pool, &stats);
    if (api_stage(r->api) != API_STAGE_SERVING)
        problem_set(&problem, 503, "the service is shutting down");
    else if (stats.waiting >= stats.max_waiting)
        problem_set(&problem, 503, "the queue is full");
    else if (api_is_full(r->api))
        problem_set(&problem, 503, "there are as many clients as there may be (server.max_connections)");
    else if (stats.waiting > 0 && stats.workers == 0)
        problem_set(&problem, 503, "no thread can be started");
    if (problem.status)
        respond_problem(r, &problem);
    else
        respond_fields(r, &(struct status_field){"status", "ready"}, 1);
}

static void put_number(struct json *j, const char *key, uint64_t value) {
    json_key(j, key);
    json_int(j, (int64_t)value);
}

static void put_connections(struct json *j, struct fetcher *fetcher) {
    struct fetcher_stats all;
    fetcher_read_stats(fetcher, &all);
    const struct handles_stats stats = all.handles;
    uint64_t requests = stats.opened + stats.reused;
    json_key(j, "connections");
    json_object_open(j);
    put_number(j, "opened", stats.opened);
    put_number(j, "reused", stats.reused);
    json_key(j, "reuse_rate");
    json_seconds(j, requests ? (int64_t)(1e6 * (double)stats.reused / (double)requests) : 0); /* six decimals */
    put_number(j, "idle", stats.idle);
    json_object_close(j);
}

void handle_pressure(struct request *r) {
    const struct api_options *options = api_options(r->api);
    struct pool_stats stats;
    struct buf body;
    struct json j;
    pool_read_stats(options->pool, &stats);
    open_answer(&j, &body);
    put_number(&j, "running", stats.running);
    put_number(&j, "queued", stats.waiting);
    put_number(&j, "max_running", stats.max_workers);
    put_number(&j, "max_queued", stats.max_waiting);
    put_number(&j, "rejected", api_rejected(r->api));
    put_connections(&j, options->fetcher);
    respond_answer(r, &j);
}

void handle_version(struct request *r) {
    const struct status_field fields[] = {{"name", "fetchpool"}, {"version", FETCHPOOL_VERSION}};
    respond_fields(r, fields, sizeof fields / sizeof fields[0]);
}
