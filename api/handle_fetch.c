#include "api/accept.h"
#include "api/batch_decode.h"
#include "api/fetch_call.h"
#include "api/fetch_options.h"
#include "api/handlers.h"
#include "api/respond.h"

#include <stdio.h>
#include <strings.h>

/* What can be asked for by Accept; the first one when that is all the same. */
static const char *const media_types[] = {
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
};

enum { MEDIA_TYPE_COUNT = sizeof media_types / sizeof media_types[0], MEDIA_TYPE_ARRAY = 0 };

static void read_accept(void *arg, const char *name, const char *value) {
    if (strcasecmp(name, "Accept") == 0)
        accept_read(arg, value);
}

static void negotiate(struct request *r, struct delivery *delivery, struct problem *problem) {
    struct accept accept;
    accept_init(&accept, media_types, MEDIA_TYPE_COUNT);
    request_headers(r, read_accept, &accept);
    size_t chosen = accept_choose(&accept);
    if (chosen == ACCEPT_NONE) {
        problem_set(problem, 406, "results are sent as application/json or application/x-ndjson");
        return;
    }
    delivery->media_type = media_types[chosen];
    delivery->format = chosen == MEDIA_TYPE_ARRAY ? &answer_array : &answer_lines;
}

static void read_parameter(void *arg, const char *name, const char *value) {
    const struct fetch_options_target *target = arg;
    char pointer[PROBLEM_POINTER_BYTES];
    (void)snprintf(pointer, sizeof pointer, "?%.64s", name);
    if (!fetch_options_read_query(target, name, value))
        problem_add(target->problem, pointer, "there is no option of this name");
}

static void set_defaults(const struct fetch_options_target *target) {
    target->batch->options = fetch_default_options(target->settings);
    target->batch->max_concurrent = (size_t)target->settings->pool.max_concurrent;
}

/* What the head of the request says. The body's own options come later, and win. */
static bool read_head(struct request *r, struct fetch_call *call, enum batch_format *ret_format,
                      struct problem *problem) {
    struct fetch_options_target target = fetch_call_target(call, problem);
    set_defaults(&target);
    negotiate(r, target.delivery, problem);
    if (problem->status || !batch_decode_format(request_header(r, "Content-Type"), ret_format, problem))
        return false;
    request_query(r, read_parameter, &target);
    return problem->status == 0 || problem->status == 422; /* the body's faults are told with the query's */
}

void handle_fetch(struct request *r) {
    struct problem problem = {0};
    enum batch_format format;
    struct fetch_call *call;
    if (fetch_call_create(r, &call)) {
        problem_set(&problem, 503, "out of memory");
        respond_problem(r, &problem);
    } else if (read_head(r, call, &format, &problem)) {
        fetch_call_start(call, format, &problem);
    } else {
        respond_problem(r, &problem);
        fetch_call_discard(call);
    }
}
