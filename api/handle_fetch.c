#include "api/accept.h"
#include "api/batch_decode.h"
#include "api/fetch_call.h"
#include "api/fetch_options.h"
#include "api/handlers.h"
#include "api/respond.h"
#include "pool/result_csv.h"
#include "pool/result_har.h"

#include <stdio.h>
#include <strings.h>

/* What can be asked for by Accept; the first one when that is all the same. */
static const struct {
    const char *accepted;
    const char *media_type; /* of the answer */
    const struct answer_format *format;
} forms[] = {
    {"application/json", "application/json", &answer_array},
    {"application/x-ndjson", "application/x-ndjson", &answer_lines},
    {"application/ndjson", "application/ndjson", &answer_lines},
    {"application/jsonl", "application/jsonl", &answer_lines},
    {"text/csv", RESULT_CSV_TYPE, &answer_csv},
    {"application/har+json", RESULT_HAR_TYPE, &answer_har},
};

enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

static void read_accept(void *arg, const char *name, const char *value) {
    if (strcasecmp(name, "Accept") == 0)
        accept_read(arg, value);
}

static void negotiate(struct request *r, const struct fetch_options_target *target) {
    struct accept accept;
    const char *accepted[FORM_COUNT];
    for (size_t i = 0; i < FORM_COUNT; i++)
        accepted[i] = forms[i].accepted;
    accept_init(&accept, accepted, FORM_COUNT);
    request_headers(r, read_accept, &accept);
    size_t chosen = accept_choose(&accept);
    if (chosen == ACCEPT_NONE) {
        problem_set(target->problem, 406,
                    "results are sent as application/json, application/x-ndjson, text/csv or application/har+json");
        return;
    }
    target->delivery->media_type = forms[chosen].media_type;
    target->delivery->format = forms[chosen].format;
    target->batch->keeps_hops = forms[chosen].format->keeps_hops;
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
    negotiate(r, &target);
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
