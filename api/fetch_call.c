#include "api/fetch_call.h"

#include "api/answer.h"
#include "api/respond.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "pool/result_json.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    CALL_SEND_BYTES = 32 * 1024, /* a piece worth a wake-up of the front end */
    CALL_FLUSH_MS = 20,          /* how long a result waits for such a piece */
    CALL_RETRY_AFTER_S = 2,
};

struct fetch_call {
    struct fetch_batch batch;
    struct request *request;
    struct timers *timers;
    struct timer_event flush;
    size_t max_held_bytes;
    pthread_mutex_t lock; /* guards all below; is taken before the pool's */
    struct answer answer;
    unsigned refs; /* the request's and the pool's */
    bool waiting;  /* the request is suspended */
    bool flush_is_set;
    bool flush_due; /* send what there is, however little */
    bool held;      /* the client does not keep up: nothing new is started */
    bool gone;      /* nobody will read the answer */
    size_t failed;
};

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

static bool may_send_locked(const struct fetch_call *call) {
    const struct answer *a = &call->answer;
    return answer_is_complete(a) || a->ready_bytes >= CALL_SEND_BYTES || (call->flush_due && a->ready_bytes > 0);
}

static void wait_locked(struct fetch_call *call) {
    call->waiting = true;
    request_suspend(call->request);
}

static void resume_locked(struct fetch_call *call) {
    call->waiting = false;
    request_resume(call->request);
}

/* Half the bound between hold and release, so that a slow reader does not toggle them with every byte. */
static void note_read_locked(struct fetch_call *call) {
    if (call->answer.ready_bytes == 0)
        call->flush_due = false;
    if (!call->held || call->answer.held_bytes > call->max_held_bytes / 2)
        return;
    call->held = false;
    pool_release(&call->batch.batch);
}

static ssize_t read_answer(void *arg, char *ret_bytes, size_t size) {
    struct fetch_call *call = arg;
    ssize_t n = -1;
    pthread_mutex_lock(&call->lock);
    if (may_send_locked(call)) {
        size_t got = answer_read(&call->answer, ret_bytes, size);
        n = got > 0 ? (ssize_t)got : -1;
        note_read_locked(call);
    } else {
        n = 0;
        wait_locked(call);
    }
    pthread_mutex_unlock(&call->lock);
    return n;
}

/* A batch that is complete by now is answered in one piece of known length, the others as they come. */
static void proceed(struct request *r, void *arg) {
    struct fetch_call *call = arg;
    uint64_t length = RESPOND_LENGTH_UNKNOWN;
    pthread_mutex_lock(&call->lock);
    bool send = may_send_locked(call);
    if (!send)
        wait_locked(call);
    else if (answer_is_complete(&call->answer))
        length = call->answer.total_bytes;
    pthread_mutex_unlock(&call->lock);
    if (send)
        respond_stream(r, length, read_answer, call);
}

static void close_call(void *arg) {
    struct fetch_call *call = arg;
    pthread_mutex_lock(&call->lock);
    call->gone = true;
    bool complete = answer_is_complete(&call->answer);
    pthread_mutex_unlock(&call->lock);
    if (!complete)
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

static void wake_reader_locked(struct fetch_call *call) {
    if (!call->waiting)
        return;
    if (may_send_locked(call)) {
        resume_locked(call);
    } else if (call->answer.ready_bytes > 0 &&
               !call->flush_is_set) { /* without memory for the timer it goes with the next piece */
        call->flush_is_set = timers_set(call->timers, &call->flush, clock_now_ms() + CALL_FLUSH_MS) == ERR_NONE;
    }
}

static void take_result(struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    struct answer_chunk *chunk = encode(b, index, result);
    if (!chunk)
        chunk = encode_failure(b, index);
    pthread_mutex_lock(&call->lock);
    call->failed += result->error != FETCH_OK;
    answer_put(&call->answer, index, chunk);
    if (call->answer.held_bytes > call->max_held_bytes && !call->held && !call->gone) {
        call->held = true;
        pool_hold(&b->batch);
    }
    if (!call->gone)
        wake_reader_locked(call);
    pthread_mutex_unlock(&call->lock);
}

static void finish(struct fetch_batch *b) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    log_info("batch done", log_int("urls", (int64_t)b->count), log_int("failed", (int64_t)call->failed),
             log_seconds("elapsed", clock_now_us() - b->batch.submitted_at_us));
    unref(call);
}

static const struct fetch_batch_ops batch_ops = {.result = take_result, .done = finish};

enum err fetch_call_create(struct request *r, struct fetch_call **ret_call) {
    const struct api_options *options = api_options(r->api);
    struct fetch_call *call = calloc(1, sizeof *call);
    if (!call)
        return ERR_NOMEM;
    call->request = r;
    call->timers = options->timers;
    call->max_held_bytes = (size_t)options->settings->server.answer_buffer_bytes;
    call->refs = 2;
    fetch_batch_init(&call->batch, &batch_ops);
    timer_event_init(&call->flush, flush, call);
    pthread_mutex_init(&call->lock, NULL);
    *ret_call = call;
    return ERR_NONE;
}

static void explain(enum err err, struct problem *problem) {
    problem->retry_after_s = CALL_RETRY_AFTER_S;
    problem_set(problem, 503, "%s",
                err == ERR_FULL     ? "the queue is full (pool.queue)"
                : err == ERR_CLOSED ? "the service is shutting down"
                                    : err_text(err));
}

/* The empty list is no work for the pool. */
static void answer_empty(struct fetch_call *call) {
    call->refs = 1;
    respond_stream(call->request, call->answer.total_bytes, read_answer, call);
}

/* Results may come before the request is suspended, but they find the lock taken until it is. */
static enum err submit(struct fetch_call *call, const struct api_options *options) {
    pthread_mutex_lock(&call->lock);
    enum err err = fetch_batch_submit(&call->batch, options->pool, options->fetcher);
    if (!err)
        wait_locked(call);
    pthread_mutex_unlock(&call->lock);
    return err;
}

void fetch_call_start(struct fetch_call *call, struct problem *ret_problem) {
    struct request *r = call->request;
    enum err err = answer_init(&call->answer, call->batch.count);
    if (!err && call->batch.count > 0)
        err = submit(call, api_options(r->api));
    if (err) {
        explain(err, ret_problem);
        return;
    }
    r->ops = &request_ops;
    r->call = call;
    if (call->batch.count == 0)
        answer_empty(call);
}
