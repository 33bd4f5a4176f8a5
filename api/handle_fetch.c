#include "api/batch_decode.h"
#include "api/fetch_call.h"
#include "api/fetch_options.h"
#include "api/handlers.h"
#include "api/respond.h"
#include "api/server.h"

#include <stdio.h>
#include <string.h>

static void read_parameter(void *arg, const char *name, const char *value) {
    const struct fetch_options_target *target = arg;
    char pointer[PROBLEM_POINTER_BYTES];
    (void)snprintf(pointer, sizeof pointer, "?%.64s", name);
    if (!fetch_options_read_query(target, name, value))
        problem_add(target->problem, pointer, "there is no option of this name");
}

/* A client that says nothing takes anything. Quality values are not weighed: JSON is all there is. */
static bool accepts_json(const char *accept) {
    return !accept || strstr(accept, "application/json") || strstr(accept, "application/*") || strstr(accept, "*/*");
}

static void set_defaults(const struct settings *settings, struct fetch_batch *batch) {
    batch->options = fetch_default_options(settings);
    batch->max_concurrent = (size_t)settings->pool.max_concurrent;
}

/* Query parameters first: the body's own options win. */
static void decode(struct request *r, struct fetch_batch *batch, struct problem *problem) {
    const struct settings *settings = api_options(r->api)->settings;
    const struct fetch_options_target target = {
        .settings = settings, .batch = batch, .options = &batch->options, .problem = problem};
    enum batch_format format;
    set_defaults(settings, batch);
    if (!accepts_json(request_header(r, "Accept")))
        problem_set(problem, 406, "results are sent as application/json");
    if (problem->status || !batch_decode_format(request_header(r, "Content-Type"), &format, problem))
        return;
    request_query(r, read_parameter, (void *)&target);
    batch_decode(format, r->body.data, r->body.len, settings, batch, problem);
    buf_fini(&r->body);
}

void handle_fetch(struct request *r) {
    struct problem problem = {0};
    struct fetch_call *call;
    if (fetch_call_create(r, &call)) {
        problem_set(&problem, 503, "out of memory");
        respond_problem(r, &problem);
        return;
    }
    decode(r, fetch_call_batch(call), &problem);
    if (problem.status == 0)
        fetch_call_start(call, &problem);
    if (problem.status == 0)
        return;
    respond_problem(r, &problem);
    fetch_call_discard(call);
}
