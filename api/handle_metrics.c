#include "api/context.h"
#include "api/exposition.h"
#include "api/handlers.h"
#include "api/metrics.h"
#include "api/respond.h"
#include "base/list.h"

#include <stdlib.h>

enum { METRICS_MAX_BYTES = 256 * 1024 };

/* Belongs to the request, which cannot end before it was resumed. */
struct metrics_call {
    struct background_task task;
    struct request *request;
    struct metrics metrics;
    struct buf text;
    enum err err;
};

/* In the background, since the process's own numbers may take a while to be had. */
static void write_text(struct background_task *task) {
    struct metrics_call *call = LIST_ENTRY(task, struct metrics_call, task);
    metrics_gather(call->request->api, &call->metrics);
    call->err = metrics_write(&call->metrics, &call->text);
    request_resume(call->request);
}

static void proceed(struct request *r, void *arg) {
    struct metrics_call *call = arg;
    struct problem problem = {0};
    if (!call->err) {
        respond_whole(r, EXPOSITION_MEDIA_TYPE, &call->text);
        return;
    }
    problem_set(&problem, 503, "%s", err_text(call->err));
    respond_problem(r, &problem);
}

static void close_call(void *arg) {
    struct metrics_call *call = arg;
    buf_fini(&call->text);
    free(call);
}

static const struct request_ops request_ops = {.proceed = proceed, .close = close_call};

void handle_metrics(struct request *r) {
    struct problem problem = {0};
    struct metrics_call *call = calloc(1, sizeof *call);
    if (!call) {
        problem_set(&problem, 503, "out of memory");
        respond_problem(r, &problem);
        return;
    }
    call->request = r;
    buf_init(&call->text, METRICS_MAX_BYTES);
    r->ops = &request_ops;
    r->call = call;
    request_suspend(r); /* before anybody who resumes it knows of it */
    background_add(api_scraping(r->api), &call->task, write_text);
}
