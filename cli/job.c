#include "cli/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void job_fail(struct job *job, const char *error) {
    if (atomic_exchange(&job->is_failing, true))
        return;
    (void)snprintf(job->error, sizeof job->error, "%s", error);
    atomic_store(&job->has_failed, true);
    results_wake(&job->results);
}

bool job_has_failed(const struct job *job) {
    return atomic_load(&job->has_failed);
}

/* RFC 9110, sections 6.4.1 and 9.3.2: there is no body then, not an empty one. A HEAD may have become a GET. */
static bool has_body(const struct job *job, size_t index, const struct fetch_result *result) {
    const struct fetch_options *own = job->list.items[index].options;
    const char *method = own ? own->method : job->list.options.method;
    bool has_none = result->status == 204 || result->status == 304 || strcmp(method, "HEAD") == 0;
    return result->body.len > 0 || !has_none;
}

static const char *save(struct job *job, size_t index, const struct fetch_result *result) {
    char error[CLI_ERROR_BYTES];
    if (!job->save || result->error || !has_body(job, index, result))
        return NULL;
    if (save_body(job->save, index, &result->body) == ERR_NONE)
        return save_name(job->save, index);
    (void)snprintf(error, sizeof error, "%.200s/%s cannot be written: %s", job->options->save,
                   save_name(job->save, index), strerror(errno));
    job_fail(job, error);
    return NULL;
}

void job_deliver(struct job *job, size_t index, const struct fetch_result *result) {
    results_put(&job->results, index, result, save(job, index, result));
}

void job_deliver_text(struct job *job, size_t index, const struct fetch_result *result, struct buf *text) {
    results_put_text(&job->results, index, result, save(job, index, result), text);
}

static void fail_item(struct job *job, size_t index, enum fetch_error error, const char *text) {
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, error, text);
    results_put(&job->results, index, &result, NULL);
    fetch_result_fini(&result);
}

void job_fail_rest(struct job *job, enum fetch_error error, const char *text) {
    for (size_t i = 0; i < job->list.count; i++)
        if (!results_has(&job->results, i))
            fail_item(job, i, error, text);
}
