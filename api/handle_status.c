#include "api/context.h"
#include "api/handlers.h"
#include "api/respond.h"
#include "base/json.h"
#include "base/version.h"

enum { STATUS_MAX_BYTES = 1024, READY_RETRY_AFTER_S = 5 };

struct status_field {
    const char *key;
    const char *value;
};

static void respond_fields(struct request *r, const struct status_field *fields, size_t count) {
    struct buf body;
    struct json j;
    buf_init(&body, STATUS_MAX_BYTES);
    json_begin(&j, &body);
    json_object_open(&j);
    for (size_t i = 0; i < count; i++) {
        json_key(&j, fields[i].key);
        json_text(&j, fields[i].value);
    }
    json_object_close(&j);
    if (json_end(&j) == ERR_NONE && buf_append_char(&body, '\n') == ERR_NONE)
        respond_json(r, 200, &body);
    buf_fini(&body);
}

void handle_healthz(struct request *r) {
    respond_fields(r, &(struct status_field){"status", "ok"}, 1);
}

void handle_readyz(struct request *r) {
    struct problem problem = {.retry_after_s = READY_RETRY_AFTER_S};
    struct pool_stats stats;
    pool_read_stats(api_options(r->api)->pool, &stats);
    if (api_is_draining(r->api))
        problem_set(&problem, 503, "the service is shutting down");
    else if (stats.waiting >= stats.max_waiting)
        problem_set(&problem, 503, "the queue is full");
    else if (stats.waiting > 0 && stats.workers == 0)
        problem_set(&problem, 503, "no thread can be started");
    if (problem.status)
        respond_problem(r, &problem);
    else
        respond_fields(r, &(struct status_field){"status", "ready"}, 1);
}

void handle_version(struct request *r) {
    const struct status_field fields[] = {{"name", "fetchpool"}, {"version", FETCHPOOL_VERSION}};
    respond_fields(r, fields, sizeof fields / sizeof fields[0]);
}
