#include "api/fetch_flow.h"

#include "api/drain.h"
#include "api/fetch_call_state.h"
#include "api/respond.h"
#include "api/result_chunk.h"
#include "base/clock.h"
#include "base/list.h"

#include <assert.h>
#include <stdint.h>

enum {
    FLOW_SEND_BYTES = 32 * 1024, /* a piece worth a wake-up of the front end */
    FLOW_FLUSH_MS = 20,          /* how long a result waits for such a piece */
    FLOW_WHOLE_BYTES = 8 * 1024, /* a complete answer that is sent together with its head */
};

/* ---- what waits for the reader ---- */

/* How much the batch may hold. When all answers together hold too much, each may hold one result more than was read. */
static size_t max_held_bytes(const struct fetch_call *call) {
    const struct settings *settings = call->settings;
    bool too_much = atomic_load(call->all_held) > (size_t)settings->server.answer_memory_bytes;
    return too_much ? 0 : (size_t)settings->server.answer_buffer_bytes;
}

/* After each change of the answer. */
static void count_held_locked(struct fetch_call *call, size_t held_before) {
    atomic_fetch_add(call->all_held, call->answer.held_bytes - held_before); /* below 0 it wraps, and the sum back */
}

/* In the order of the list what came behind the first that did not come cannot be read. As long as there is something
 * to read it is the reader's turn. */
static size_t wanted_locked(const struct fetch_call *call) {
    const struct answer *a = &call->answer;
    return a->order == ANSWER_ORDER_INPUT && a->ready_bytes == 0 ? a->ready : SCHED_NO_ITEM;
}

/* Half the bound lies between hold and release, so that a slow reader does not toggle them with every byte. */
static void balance_locked(struct fetch_call *call) {
    size_t held = call->answer.held_bytes;
    size_t max = max_held_bytes(call);
    size_t wanted = wanted_locked(call);
    if (call->held && held <= max / 2) {
        call->held = false;
        pool_release(&call->batch.batch);
    } else if (call->held ? wanted != call->wanted : held > max) {
        call->held = true;
        call->wanted = wanted;
        fetch_batch_hold(&call->batch, wanted);
    }
}

/* Nobody will read the answer. A batch that goes on all the same is not held up by that; one that is to be cancelled
 * does not start anything more. */
static void abandon_locked(struct fetch_call *call) {
    size_t held_before = call->answer.held_bytes;
    answer_abandon(&call->answer);
    atomic_store(&call->is_unread, true);
    count_held_locked(call, held_before);
    if (call->delivery.on_disconnect == DELIVERY_FINISH)
        balance_locked(call);
}

/* ---- the front end's side ---- */

/* A held batch makes no more results until some were read, so there is nothing to wait for. */
static bool may_send_locked(const struct fetch_call *call) {
    const struct answer *a = &call->answer;
    bool now = call->flush_due || call->held;
    return answer_is_complete(a) || a->ready_bytes >= FLOW_SEND_BYTES || (now && a->ready_bytes > 0);
}

/* A small piece waits for a larger one, but not for long. */
static void set_flush_locked(struct fetch_call *call) {
    if (call->flush_is_set || call->answer.ready_bytes == 0)
        return;
    int64_t due_ms = clock_now_ms() + FLOW_FLUSH_MS;
    timers_set(call->timers, &call->flush, due_ms);
    call->flush_is_set = true;
}

void fetch_flow_suspend_locked(struct fetch_call *call) {
    call->waiting = true;
    request_suspend(call->request);
}

void fetch_flow_resume_locked(struct fetch_call *call) {
    call->waiting = false;
    request_resume(call->request);
}

/* Suspends the request, or true: there is something to send now. */
static bool may_send_or_wait_locked(struct fetch_call *call) {
    if (!may_send_locked(call))
        set_flush_locked(call);
    if (may_send_locked(call))
        return true;
    fetch_flow_suspend_locked(call);
    return false;
}

static ssize_t read_answer(void *arg, char *ret_bytes, size_t size) {
    struct fetch_call *call = arg;
    ssize_t n = 0;
    pthread_mutex_lock(&call->lock);
    if (call->answer.abandoned) {
        n = RESPOND_READ_BROKEN;
    } else if (may_send_or_wait_locked(call)) {
        size_t held_before = call->answer.held_bytes;
        size_t got = answer_read(&call->answer, ret_bytes, size);
        n = got > 0 ? (ssize_t)got : RESPOND_READ_END;
        if (call->answer.ready_bytes == 0)
            call->flush_due = false;
        count_held_locked(call, held_before);
        balance_locked(call);
    }
    pthread_mutex_unlock(&call->lock);
    return n;
}

/* Reads a small answer that is complete. False: it is not, or there is no memory for it. */
static bool read_whole_locked(struct fetch_call *call, struct buf *ret_body) {
    char bytes[FLOW_WHOLE_BYTES];
    size_t size = call->answer.ready_bytes;
    size_t held_before = call->answer.held_bytes;
    if (!answer_is_complete(&call->answer) || size > sizeof bytes || buf_reserve(ret_body, size))
        return false;
    enum err err = buf_append(ret_body, bytes, answer_read(&call->answer, bytes, size));
    assert(err == ERR_NONE); /* there is room */
    (void)err;
    count_held_locked(call, held_before);
    return true;
}

/* A batch that is complete by now is answered in one piece of known length, the others as they come. Without a response
 * the connection is closed. */
static void proceed(struct request *r, void *arg) {
    struct fetch_call *call = arg;
    struct respond_stream body = {
        .media_type = call->delivery.media_type, .length = RESPOND_LENGTH_UNKNOWN, .read = read_answer, .call = call};
    struct buf whole;
    bool send = false;
    buf_init(&whole, FLOW_WHOLE_BYTES);
    pthread_mutex_lock(&call->lock);
    bool refused = call->problem.status != 0;
    if (!refused && !call->answer.abandoned)
        send = may_send_or_wait_locked(call);
    if (send && answer_is_complete(&call->answer))
        body.length = call->answer.ready_bytes;
    bool is_whole = send && read_whole_locked(call, &whole);
    pthread_mutex_unlock(&call->lock);
    r->batch_id = refused ? NULL : call->log.batch_id;
    if (refused)
        respond_problem(r, &call->problem);
    else if (is_whole)
        respond_whole(r, body.media_type, &whole);
    else if (send)
        respond_stream(r, &body);
    buf_fini(&whole);
}

/* In the monitor's thread. The request cannot end before this returns: close_call waits for it. */
void fetch_flow_client_left(void *arg) {
    struct fetch_call *call = arg;
    pthread_mutex_lock(&call->lock);
    bool complete = answer_is_complete(&call->answer); /* then it costs nothing to try to send it */
    if (!complete)
        abandon_locked(call);
    if (call->waiting && !complete)
        fetch_flow_resume_locked(call);
    pthread_mutex_unlock(&call->lock);
    if (!complete && call->delivery.on_disconnect == DELIVERY_CANCEL)
        fetch_batch_cancel(&call->batch, FETCH_CANCELLED);
}

/* The last moment at which the pool's part may be told to go on without the request. False: it has to end. */
static bool let_go_on_locked(struct fetch_call *call) {
    call->unattended = call->delivery.on_disconnect == DELIVERY_FINISH && drain_count_unattended(call->api);
    return call->unattended;
}

static void close_call(void *arg) {
    struct fetch_call *call = arg;
    monitor_forget(api_monitor(call->api), &call->watch);
    pthread_mutex_lock(&call->lock);
    if (!answer_is_read(&call->answer))
        abandon_locked(call);
    bool unfinished = call->refs > 1 && !answer_is_complete(&call->answer);
    bool cancel = unfinished && !let_go_on_locked(call);
    pthread_mutex_unlock(&call->lock);
    if (cancel)
        fetch_batch_cancel(&call->batch, FETCH_CANCELLED);
    fetch_call_unref(call);
}

const struct request_ops fetch_flow_request_ops = {.proceed = proceed, .close = close_call};

static void flush(void *arg) {
    struct fetch_call *call = arg;
    pthread_mutex_lock(&call->lock);
    call->flush_is_set = false;
    call->flush_due = true;
    if (call->waiting && may_send_locked(call))
        fetch_flow_resume_locked(call);
    pthread_mutex_unlock(&call->lock);
}

void fetch_flow_init(struct fetch_call *call) {
    timer_event_init(&call->flush, flush, call);
}

/* ---- the pool's side ---- */

static void tell_reader_locked(struct fetch_call *call) {
    if (!call->waiting)
        return;
    if (!may_send_locked(call))
        set_flush_locked(call);
    if (may_send_locked(call))
        fetch_flow_resume_locked(call);
}

/* A hundred thousand results that nobody reads are not worth their encoding. */
static void take_result(struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    if (fetch_log_tells_fetches())
        fetch_log_fetch(&call->log, b->items[index].url, index, result);
    struct result_chunk encoded = atomic_load(&call->is_unread)
                                      ? result_chunk_unread(result)
                                      : result_chunk_create(b, index, call->delivery.format, result);
    result_chunk_leave(result);
    auth_give_back(&call->grant); /* before anybody knows of the result, who may ask for more at once */
    pthread_mutex_lock(&call->lock);
    size_t held_before = call->answer.held_bytes;
    answer_put(&call->answer, index, encoded.outcome, encoded.chunk);
    call->body_bytes += result->size_bytes;
    if (!call->answer.abandoned) {
        count_held_locked(call, held_before);
        balance_locked(call);
        tell_reader_locked(call);
    }
    pthread_mutex_unlock(&call->lock);
}

static void finish(struct fetch_batch *b) {
    struct fetch_call *call = LIST_ENTRY(b, struct fetch_call, batch);
    struct api *api = call->api;
    fetch_call_log_end(call);
    pthread_mutex_lock(&call->lock);
    bool unattended = call->unattended;
    pthread_mutex_unlock(&call->lock);
    fetch_call_unref(call);
    if (unattended)
        drain_count_ended(api);
}

const struct fetch_batch_ops fetch_flow_batch_ops = {.result = take_result, .done = finish};
