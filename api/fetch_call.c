#include "api/fetch_call.h"

#include "api/answer.h"
#include "api/background.h"
#include "api/context.h"
#include "api/monitor.h"
#include "api/respond.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "pool/result_json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    CALL_INLINE_BYTES = 32 * 1024, /* a larger body is decoded in the background */
    CALL_SEND_BYTES = 32 * 1024,   /* a piece worth a wake-up of the front end */
    CALL_FLUSH_MS = 20,            /* how long a result waits for such a piece */
    CALL_RETRY_AFTER_S = 2,
};

struct fetch_call {
    struct fetch_batch batch;
    struct request *request; /* not after the request has closed */
    struct timers *timers;
    char caller[REQUEST_CALLER_BYTES];
    _Atomic size_t *all_held; /* bytes that all answers hold together; not after the request has closed */
    struct background_task decode;
    struct monitor_watch watch;
    struct timer_event flush;
    enum batch_format format;
    struct problem problem; /* instead of the results */
    pthread_mutex_t lock;   /* guards all below; is taken before the pool's */
    struct answer answer;
    unsigned refs; /* the request's and the pool's */
    bool waiting;  /* the request is suspended */
    bool flush_is_set;
    bool flush_due; /* send what there is, however little */
    bool held;      /* the client does not keep up: nothing new is started but `wanted` */
    size_t wanted;  /* the first item that has no result */
    bool gone;      /* nobody will read the answer */
    size_t failed;
};

static const struct api_options *options_of(const struct fetch_call *call) {
    return api_options(call->request->api);
}

/* ---- life ---- */

static void destroy(struct fetch_call *call) {
    timers_cancel(call->timers, &call->flush);
    answer_fini(&call->answer);
    fetch_batch_fini(&call->batch);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static void unref(struct fetch_call *call) {
    pthread_mutex_lock(&call->lock);
    bool last = --call->refs == 0;
    pthread_mutex_unlock(&call->lock);
    if (last)
        destroy(call);
}

void fetch_call_discard(struct fetch_call *call) {
    destroy(call);
}

struct fetch_batch *fetch_call_batch(struct fetch_call *call) {
    return &call->batch;
}

/* ---- the front end's side ---- */

/* A held batch makes no more results until some were read, so there is nothing to wait for. */
static bool may_send_locked(const struct fetch_call *call) {
    const struct answer *a = &call->answer;
    bool now = call->flush_due || call->held;
    return answer_is_complete(a) || a->ready_bytes >= CALL_SEND_BYTES || (now && a->ready_bytes > 0);
}

/* A small piece waits for a larger one, but not for long. */
static void set_flush_locked(struct fetch_call *call) {
    if (call->flush_is_set || call->answer.ready_bytes == 0)
        return;
    int64_t due_ms = clock_now_ms() + CALL_FLUSH_MS;
    timers_set(call->timers, &call->flush, due_ms);
    call->flush_is_set = true;
}

static void suspend_locked(struct fetch_call *call) {
    call->waiting = true;
    request_suspend(call->request);
}

static void resume_locked(struct fetch_call *call) {
    call->waiting = false;
    request_resume(call->request);
}

/* Suspends the request, or true: there is something to send now. */
static bool may_send_or_wait_locked(struct fetch_call *call) {
    if (!may_send_locked(call))
        set_flush_locked(call);
    if (may_send_locked(call))
        return true;
    suspend_locked(call);
    return false;
}

/* How much the batch may hold. When all answers together hold too much, each may hold one result more than was read. */
static size_t max_held_bytes(const struct fetch_call *call) {
    const struct settings *settings = options_of(call)->settings;
    bool too_much = atomic_load(call->all_held) > (size_t)settings->server.answer_memory_bytes;
    return too_much ? 0 : (size_t)settings->server.answer_buffer_bytes;
}

/* Half the bound between hold and release, so that a slow reader does not toggle them with every byte. */
static void note_read_locked(struct fetch_call *call) {
    if (call->answer.ready_bytes == 0)
        call->flush_due = false;
    if (!call->held || call->answer.held_bytes > max_held_bytes(call) / 2)
        return;
    call->held = false;
    pool_release(&call->batch.batch);
}

static ssize_t read_answer(void *arg, char *ret_bytes, size_t size) {
    struct fetch_call *call = arg;
    ssize_t n = 0;
    pthread_mutex_lock(&call->lock);
    if (call->gone) {
        n = RESPOND_READ_BROKEN;
    } else if (may_send_or_wait_locked(call)) {
        size_t before = call->answer.held_bytes;
        size_t got = answer_read(&call->answer, ret_bytes, size);
        atomic_fetch_sub(call->all_held, before - call->answer.held_bytes);
        n = got > 0 ? (ssize_t)got : RESPOND_READ_END;
        note_read_locked(call);
    }
    pthread_mutex_unlock(&call->lock);
    return n;
}

/* A batch that is complete by now is answered in one piece of known length, the others as they come. Without a response
 * the connection is closed. */
static void proceed(struct request *r, void *arg) {
    struct fetch_call *call = arg;
    uint64_t length = RESPOND_LENGTH_UNKNOWN;
    bool send = false;
    pthread_mutex_lock(&call->lock);
    bool refused = call->problem.status != 0;
    if (!refused && !call->gone)
        send = may_send_or_wait_locked(call);
    if (send && answer_is_complete(&call->answer))
        length = call->answer.total_bytes;
    pthread_mutex_unlock(&call->lock);
    if (refused)
        respond_problem(r, &call->problem);
    else if (send)
        respond_stream(r, length, read_answer, call);
}

/* In the monitor's thread. The request cannot end before this returns: close_call waits for it. */
static void client_left(void *arg) {
    struct fetch_call *call = arg;
    pthread_mutex_lock(&call->lock);
    bool complete = answer_is_complete(&call->answer); /* then it costs nothing to try to send it */
    call->gone = !complete;
    if (call->waiting && call->gone)
        resume_locked(call);
    pthread_mutex_unlock(&call->lock);
    if (!complete)
        fetch_batch_cancel(&call->batch, FETCH_CANCELLED);
}

static void close_call(void *arg) {
    struct fetch_call *call = arg;
    monitor_forget(api_monitor(call->request->api), &call->watch);
    pthread_mutex_lock(&call->lock);
    call->gone = true; /* nothing more is kept, and what is counts no longer: the server may be gone before the pool's
                          part ends */
    atomic_fetch_sub(call->all_held, call->answer.held_bytes);
    bool unfinished = call->refs > 1 && !answer_is_complete(&call->answer);
    pthread_mutex_unlock(&call->lock);
    if (unfinished)
        fetch_batch_cancel(&call->batch, FETCH_CANCELLED);
    unref(call);
}

static const struct request_ops request_ops = {.proceed = proceed, .close = close_call};

static void flush(void *arg) {
    struct fetch_call *call = arg;
    pthread_mutex_lock(&call->lock);
    call->flush_is_set = false;
    call->flush_due = true;
    if (call->waiting && may_send_locked(call))
        resume_locked(call);
    pthread_mutex_unlock(&call->lock);
}

/* ---- the pool's side ---- */

static struct answer_chunk *encode(const struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    const struct fetch_item *item = &b->items[index];
    unsigned include = item->options ? item->options->include : b->options.include;
    struct buf text;
    buf_init(&text, SIZE_MAX); /* bounded by max_size and the header limits */
    enum err err = answer_begin_chunk(&text);
    if (!err)
        err = result_json(&text, item, include, result);
    struct answer_chunk *chunk = err ? NULL : answer_take_chunk(&text);
    buf_fini(&text);
    return chunk;
}

/* When memory does not suffice for the result, it may for a short one that says so. */
static struct answer_chunk *encode_failure(const struct fetch_batch *b, size_t index) {
    struct fetch_result failure;
    fetch_result_init(&failure);
    fetch_result_fail(&failure, FETCH_INTERNAL, err_text(ERR_NOMEM));
    return encode(b, index, &failure);
}

static void keep_locked(struct fetch_call *call, size_t index, struct answer_chunk *chunk) {
    size_t before = call->answer.held_bytes;
    answer_put(&call->answer, index, chunk);
    atomic_fetch_add(call->all_held, call->answer.held_bytes - before);
    if (call->answer.held_bytes > max_held_bytes(call) && (!call->held || call->wanted != call->answer.ready)) {
        call->held = true;
        call->wanted = call->answer.ready;
        pool_hold(&call->batch.batch, call->wanted);
    }
    if (!call->waiting)
        return;
    if (!may_send_locked(call))
        set_flush_locked(call);
    if (may_send_locked(call))
        resume_locked(call);
}

static bool is_gone(struct fetch_call *call) {
    pthread_mutex_lock(&call->lock);
    bool gone = call->gone;
    pthread_mutex_unlock(&call->lock);
    return gone;
}

static void take_result(struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    if (is_gone(call)) /* a hundred thousand results that nobody reads are not worth their encoding */
        return;
    struct answer_chunk *chunk = encode(b, index, result);
    if (!chunk)
        chunk = encode_failure(b, index);
    pthread_mutex_lock(&call->lock);
    call->failed += result->error != FETCH_OK;
    if (call->gone)
        free(chunk);
    else
        keep_locked(call, index, chunk);
    pthread_mutex_unlock(&call->lock);
}

static void finish(struct fetch_batch *b) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    bool abandoned = atomic_load(&b->batch.cancelled) == FETCH_CANCELLED;
    log_info(abandoned ? "batch abandoned" : "batch done", log_int("urls", (int64_t)b->count),
             log_int("failed", (int64_t)call->failed),
             log_seconds("elapsed", clock_now_us() - b->batch.submitted_at_us));
    unref(call);
}

static const struct fetch_batch_ops batch_ops = {.result = take_result, .done = finish};

/* ---- the beginning ---- */

enum err fetch_call_create(struct request *r, struct fetch_call **ret_call) {
    struct fetch_call *call = calloc(1, sizeof *call);
    if (!call)
        return ERR_NOMEM;
    call->request = r;
    call->timers = api_options(r->api)->timers;
    call->all_held = api_held_bytes(r->api);
    call->refs = 2;
    fetch_batch_init(&call->batch, &batch_ops);
    request_caller(r, call->caller);
    call->batch.caller = call->caller;
    timer_event_init(&call->flush, flush, call);
    pthread_mutex_init(&call->lock, NULL);
    *ret_call = call;
    return ERR_NONE;
}

static void explain(enum err err, struct problem *problem) {
    if (err == ERR_LIMIT) {
        problem_set(problem, 413, "more URLs than the queue can ever hold (pool.queue)");
        return;
    }
    problem->retry_after_s = CALL_RETRY_AFTER_S;
    problem_set(problem, 503, "%s",
                err == ERR_FULL     ? "the queue is full (pool.queue)"
                : err == ERR_CLOSED ? "the service is shutting down"
                                    : err_text(err));
}

/* From here on results may come and the client may leave: both find the lock taken until all is set. */
static enum err submit(struct fetch_call *call) {
    struct request *r = call->request;
    const struct api_options *options = options_of(call);
    pthread_mutex_lock(&call->lock);
    enum err err = fetch_batch_submit(&call->batch, options->pool, options->fetcher);
    if (!err)
        monitor_watch(api_monitor(r->api), &call->watch, request_fd(r), client_left, call);
    pthread_mutex_unlock(&call->lock);
    return err;
}

/* The pool has no part in it: a problem, or the empty list. The call may be freed as soon as the lock is free. */
static void resume_without_pool(struct fetch_call *call) {
    pthread_mutex_lock(&call->lock);
    call->refs--;
    resume_locked(call);
    pthread_mutex_unlock(&call->lock);
}

static void decode(struct background_task *task) {
    struct fetch_call *call = LIST_ENTRY(task, struct fetch_call, decode);
    struct request *r = call->request;
    const struct settings *settings = options_of(call)->settings;
    batch_decode(call->format, r->body.data, r->body.len, settings, &call->batch, &call->problem);
    api_drop_body(r);
    enum err err = ERR_NONE;
    if (call->problem.status == 0)
        err = answer_init(&call->answer, call->batch.count);
    bool has_work = !err && call->problem.status == 0 && call->batch.count > 0;
    if (has_work)
        err = submit(call);
    if (err == ERR_FULL)
        api_count_rejected(r->api);
    if (err)
        explain(err, &call->problem);
    if (err || !has_work)
        resume_without_pool(call);
}

void fetch_call_start(struct fetch_call *call, enum batch_format format, const struct problem *problem) {
    struct request *r = call->request;
    call->format = format;
    call->problem = *problem;
    r->ops = &request_ops;
    r->call = call;
    bool small = r->body.len <= CALL_INLINE_BYTES;
    pthread_mutex_lock(&call->lock);
    suspend_locked(call);
    pthread_mutex_unlock(&call->lock);
    if (small)
        decode(&call->decode);
    else
        background_add(api_background(r->api), &call->decode, decode);
}
