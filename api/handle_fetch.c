#include "api/accept.h"
#include "api/batch_decode.h"
#include "api/context.h"
#include "api/fetch_call.h"
#include "api/fetch_options.h"
#include "api/handlers.h"
#include "api/respond.h"

#include <stdio.h>

static void read_parameter(void *arg, const char *name, const char *value) {
    const struct fetch_options_target *target = arg;
    char pointer[PROBLEM_POINTER_BYTES];
    (void)snprintf(pointer, sizeof pointer, "?%.64s", name);
    if (!fetch_options_read_query(target, name, value))
        problem_add(target->problem, pointer, "there is no option of this name");
}

static void set_defaults(const struct settings *settings, struct fetch_batch *batch) {
    batch->options = fetch_default_options(settings);
    batch->max_concurrent = (size_t)settings->pool.max_concurrent;
}

/* What the head of the request says. The body's own options come later, and win. */
static bool read_head(struct request *r, struct fetch_batch *batch, enum batch_format *ret_format,
                      struct problem *problem) {
    const struct settings *settings = api_options(r->api)->settings;
    struct fetch_options_target target = {
        .settings = settings,
        .batch = batch,
        .options = &batch->options,
        .problem = problem,
    };
    set_defaults(settings, batch);
    if (!accept_allows(request_header(r, "Accept"), "application/json"))
        problem_set(problem, 406, "results are sent as application/json");
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
    } else if (read_head(r, fetch_call_batch(call), &format, &problem)) {
        fetch_call_start(call, format, &problem);
    } else {
        respond_problem(r, &problem);
        fetch_call_discard(call);
    }
}
