#include "api/batch_decode.h"
#include "api/context.h"
#include "api/handlers.h"
#include "api/json_parse.h"
#include "api/respond.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "pool/drill.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRILL_MAX_TASKS = 1000,
    DRILL_MAX_SECONDS = 60,
    DRILL_MAX_LABEL_BYTES = 100,
    DRILL_MAX_VALUES = 8 * DRILL_MAX_TASKS,
    DRILL_RETRY_AFTER_S = 2
};

struct drill_call {
    struct drill_batch drill;
    struct request *request;
    struct arena arena;
    struct drill_task *tasks;
    size_t count;
    size_t max_concurrent;
    int64_t started_us;
    struct monitor_watch watch;
    pthread_mutex_t lock; /* guards the two below; is taken before the pool's */
    unsigned refs;        /* the request's and the pool's */
    bool done;
};

static void destroy(struct drill_call *call) {
    arena_fini(&call->arena);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static void unref(struct drill_call *call) {
    pthread_mutex_lock(&call->lock);
    bool last = --call->refs == 0;
    pthread_mutex_unlock(&call->lock);
    if (!last)
        return;
    drill_batch_fini(&call->drill);
    destroy(call);
}

/* ---- the request ---- */

static void read_task(struct drill_call *call, const cJSON *task, size_t index, struct problem *problem) {
    char pointer[PROBLEM_POINTER_BYTES];
    const cJSON *delay = cJSON_GetArrayItem(task, 0);
    const cJSON *label = cJSON_GetArrayItem(task, 1);
    (void)snprintf(pointer, sizeof pointer, "/tasks/%zu", index);
    if (!cJSON_IsArray(task) || cJSON_GetArraySize(task) != 2 || !cJSON_IsNumber(delay) || !cJSON_IsString(label)) {
        problem_add(problem, pointer, "a task is a list of two: seconds, and a label as a string");
        return;
    }
    if (!(delay->valuedouble >= 0 && delay->valuedouble <= (double)DRILL_MAX_SECONDS)) {
        problem_add(problem, pointer, "the seconds must be from 0 to %d", DRILL_MAX_SECONDS);
        return;
    }
    if (strlen(label->valuestring) > DRILL_MAX_LABEL_BYTES) {
        problem_add(problem, pointer, "the label must be of %d bytes at most", DRILL_MAX_LABEL_BYTES);
        return;
    }
    call->tasks[index].delay_ms = (int64_t)(delay->valuedouble * 1000 + 0.5);
    call->tasks[index].label = arena_copy(&call->arena, label->valuestring, strlen(label->valuestring));
    if (!call->tasks[index].label)
        problem_set(problem, 503, "out of memory");
}

static void read_tasks(struct drill_call *call, const cJSON *tasks, struct problem *problem) {
    const cJSON *task;
    size_t count = (size_t)cJSON_GetArraySize(tasks);
    if (!cJSON_IsArray(tasks)) {
        problem_add(problem, "/tasks", "tasks must be a list");
        return;
    }
    if (count > DRILL_MAX_TASKS) {
        problem_set(problem, 413, "more than %d tasks", DRILL_MAX_TASKS);
        return;
    }
    call->tasks = arena_alloc(&call->arena, (count ? count : 1) * sizeof *call->tasks);
    if (!call->tasks) {
        problem_set(problem, 503, "out of memory");
        return;
    }
    cJSON_ArrayForEach(task, tasks) read_task(call, task, call->count++, problem);
}

static void read_max_concurrent(struct drill_call *call, const cJSON *value, const struct settings *settings,
                                struct problem *problem) {
    double max = (double)settings->pool.max_concurrent_limit;
    double number = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (number >= 1 && number <= max && floor(number) == number)
        call->max_concurrent = (size_t)number;
    else
        problem_add(problem, "/max_concurrent", "max_concurrent must be a whole number from 1 to %.10g", max);
}

static void read_mode(const cJSON *value, bool *ret_sequential, struct problem *problem) {
    const char *mode = cJSON_IsString(value) ? value->valuestring : "";
    *ret_sequential = strcmp(mode, "sequential") == 0;
    if (!*ret_sequential && strcmp(mode, "concurrent") != 0)
        problem_add(problem, "/mode", "mode must be concurrent or sequential");
}

static void read_fields(struct drill_call *call, const cJSON *json, const struct settings *settings,
                        struct problem *problem) {
    bool sequential = false;
    const cJSON *field;
    cJSON_ArrayForEach(field, json) {
        if (strcmp(field->string, "tasks") == 0)
            read_tasks(call, field, problem);
        else if (strcmp(field->string, "mode") == 0)
            read_mode(field, &sequential, problem);
        else if (strcmp(field->string, "max_concurrent") == 0)
            read_max_concurrent(call, field, settings, problem);
        else
            problem_add_unknown(problem, "", field->string);
    }
    if (!cJSON_GetObjectItemCaseSensitive(json, "tasks"))
        problem_add(problem, "", "the object has no tasks");
    if (sequential)
        call->max_concurrent = 1;
}

static void refuse_parameter(void *arg, const char *name, const char *value) {
    char pointer[PROBLEM_POINTER_BYTES];
    (void)value;
    (void)snprintf(pointer, sizeof pointer, "?%.64s", name);
    problem_add(arg, pointer, "a drill has no parameters");
}

static void decode(struct drill_call *call, const struct settings *settings, struct problem *problem) {
    struct request *r = call->request;
    enum batch_format format = BATCH_FORMAT_TEXT;
    if (!batch_decode_format(request_header(r, "Content-Type"), &format, problem))
        return;
    if (format != BATCH_FORMAT_JSON) {
        problem_set(problem, 415, "send the tasks with Content-Type application/json");
        return;
    }
    request_query(r, refuse_parameter, problem);
    cJSON *json = json_parse(r->body.data, r->body.len, DRILL_MAX_VALUES, 0, problem);
    if (json && !cJSON_IsObject(json))
        problem_add(problem, "", "the body must be an object with tasks");
    else if (json)
        read_fields(call, json, settings, problem);
    cJSON_Delete(json);
}

/* ---- the answer ---- */

static enum err write_results(const struct drill_call *call, struct buf *out) {
    struct json j;
    json_begin(&j, out);
    json_object_open(&j);
    json_key(&j, "results");
    json_array_open(&j);
    for (size_t i = 0; i < call->count; i++)
        json_text(&j, call->tasks[i].label);
    json_array_close(&j);
    json_key(&j, "elapsed");
    json_seconds(&j, clock_now_us() - call->started_us);
    json_object_close(&j);
    enum err err = json_end(&j);
    return err ? err : buf_append_char(out, '\n');
}

static void respond(struct drill_call *call) {
    struct problem problem = {.retry_after_s = DRILL_RETRY_AFTER_S};
    struct buf out;
    buf_init(&out, (size_t)DRILL_MAX_TASKS * (DRILL_MAX_LABEL_BYTES * 6 + 8) + 256);
    bool cut = atomic_load(&call->drill.cut);
    problem.reason = cut ? PROBLEM_DRAINING : PROBLEM_BY_STATUS;
    if (cut)
        problem_set(&problem, 503, "the drill was cut short: the service is shutting down");
    else if (write_results(call, &out))
        problem_set(&problem, 503, "out of memory");
    if (problem.status)
        respond_problem(call->request, &problem);
    else
        respond_json(call->request, 200, &out);
    buf_fini(&out);
}

static void proceed(struct request *r, void *arg) {
    (void)r;
    respond(arg);
}

/* In the monitor's thread. The request cannot end before this returns. */
static void client_left(void *arg) {
    struct drill_call *call = arg;
    pool_cancel(&call->drill.batch, FETCH_CANCELLED);
}

static void close_call(void *arg) {
    struct drill_call *call = arg;
    monitor_forget(api_monitor(call->request->api), &call->watch);
    pthread_mutex_lock(&call->lock);
    bool done = call->done;
    pthread_mutex_unlock(&call->lock);
    if (!done)
        pool_cancel(&call->drill.batch, FETCH_CANCELLED);
    unref(call);
}

static const struct request_ops request_ops = {.proceed = proceed, .close = close_call};

static void finish(struct drill_batch *b) {
    struct drill_call *call = LIST_ENTRY(b, struct drill_call, drill);
    pthread_mutex_lock(&call->lock);
    call->done = true;
    request_resume(call->request);
    pthread_mutex_unlock(&call->lock);
    unref(call);
}

/* As in fetch_call.c: who finishes first finds the lock taken until the request is suspended. */
static enum err submit(struct drill_call *call) {
    struct request *r = call->request;
    pthread_mutex_lock(&call->lock);
    enum err err = drill_batch_submit(&call->drill, api_options(r->api)->pool, call->count, call->max_concurrent);
    if (!err) {
        r->ops = &request_ops;
        r->call = call;
        request_suspend(r);
        monitor_watch(api_monitor(r->api), &call->watch, request_fd(r), client_left, call);
    }
    pthread_mutex_unlock(&call->lock);
    if (err)
        drill_batch_fini(&call->drill);
    return err;
}

static struct drill_call *create(struct request *r, const struct settings *settings) {
    struct drill_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->request = r;
    call->refs = 2;
    call->started_us = clock_now_us();
    call->max_concurrent = (size_t)settings->pool.max_concurrent_limit;
    arena_init(&call->arena);
    pthread_mutex_init(&call->lock, NULL);
    return call;
}

static void start(struct drill_call *call, const struct settings *settings, struct problem *problem) {
    decode(call, settings, problem);
    call->drill.tasks = call->tasks;
    call->drill.done = finish;
    if (problem->status || call->count == 0)
        return;
    enum err err = submit(call);
    problem->retry_after_s = err ? DRILL_RETRY_AFTER_S : 0;
    if (err == ERR_FULL) {
        problem->retry_after_s = pool_room_after_s(api_options(call->request->api)->pool, call->count);
        problem->reason = PROBLEM_QUEUE_FULL;
        api_count_rejected(call->request->api);
    }
    if (err == ERR_CLOSED)
        problem->reason = PROBLEM_DRAINING;
    if (err)
        problem_set(problem, 503, "%s", err_text(err));
}

void handle_drill(struct request *r) {
    const struct settings *settings = r->settings;
    struct problem problem = {0};
    struct drill_call *call = create(r, settings);
    if (!call)
        problem_set(&problem, 503, "out of memory");
    else
        start(call, settings, &problem);
    if (problem.status)
        respond_problem(r, &problem);
    else if (call->count == 0)
        respond(call);
    if (call && !r->ops)
        destroy(call);
}
