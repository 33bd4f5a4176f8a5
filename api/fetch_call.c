#include "api/fetch_call.h"

#include "api/fetch_call_state.h"
#include "api/fetch_flow.h"
#include "base/clock.h"
#include "base/list.h"
#include "config/settings_share.h"

#include <stdlib.h>
#include <string.h>

enum {
    CALL_INLINE_BYTES = 32 * 1024, /* a larger body is decoded in the background */
    CALL_RETRY_AFTER_S = 2,
};

/* ---- life ---- */

static void destroy(struct fetch_call *call) {
    timers_cancel(call->timers, &call->flush);
    answer_fini(&call->answer);
    auth_release(&call->grant);
    fetch_batch_fini(&call->batch);
    pthread_mutex_destroy(&call->lock);
    settings_unref(call->settings);
    free(call);
}

void fetch_call_unref(struct fetch_call *call) {
    pthread_mutex_lock(&call->lock);
    bool last = --call->refs == 0;
    pthread_mutex_unlock(&call->lock);
    if (last)
        destroy(call);
}

void fetch_call_discard(struct fetch_call *call) {
    destroy(call);
}

struct fetch_options_target fetch_call_target(struct fetch_call *call, struct problem *problem) {
    return (struct fetch_options_target){
        .settings = call->settings,
        .batch = &call->batch,
        .options = &call->batch.options,
        .delivery = &call->delivery,
        .problem = problem,
    };
}

void fetch_call_log_end(struct fetch_call *call) {
    const struct batch *batch = &call->batch.batch;
    struct fetch_log_end end = {.urls = call->batch.count};
    if (call->batch.submitted) { /* the empty list is not */
        end.elapsed_us = clock_now_us() - batch->submitted_at_us;
        end.cut_short = atomic_load(&batch->cancelled);
    }
    pthread_mutex_lock(&call->lock);
    memcpy(end.counts, call->answer.counts, sizeof end.counts);
    end.body_bytes = call->body_bytes;
    end.unattended = call->answer.abandoned;
    pthread_mutex_unlock(&call->lock);
    fetch_log_batch(&call->log, &end);
}

/* ---- the beginning ---- */

enum err fetch_call_create(struct request *r, struct fetch_call **ret_call) {
    struct fetch_call *call = calloc(1, sizeof *call);
    if (!call)
        return ERR_NOMEM;
    call->request = r;
    call->api = r->api;
    call->settings = settings_ref(r->settings);
    call->timers = api_options(r->api)->timers;
    call->all_held = api_held_bytes(r->api);
    call->refs = 2;
    fetch_batch_init(&call->batch, &fetch_flow_batch_ops);
    fetch_flow_init(call);
    fetch_log_init(&call->log, r);
    call->batch.caller = call->log.caller;
    pthread_mutex_init(&call->lock, NULL);
    *ret_call = call;
    return ERR_NONE;
}

static void explain(const struct fetch_call *call, enum err err, struct problem *problem) {
    if (err == ERR_LIMIT) {
        problem_set(problem, 413, "more URLs than the queue can ever hold (pool.queue)");
        return;
    }
    problem->reason = err == ERR_FULL ? PROBLEM_QUEUE_FULL : err == ERR_CLOSED ? PROBLEM_DRAINING : PROBLEM_BY_STATUS;
    problem->retry_after_s = err == ERR_FULL
                                 ? pool_room_after_s(api_options(call->api)->pool, fetch_batch_fetches(&call->batch))
                                 : CALL_RETRY_AFTER_S;
    problem_set(problem, 503, "%s",
                err == ERR_FULL     ? "the queue is full (pool.queue)"
                : err == ERR_CLOSED ? "the service is shutting down"
                                    : err_text(err));
}

/* False: the limits of the caller have no room for it, and the problem is set. */
static bool take_quota(struct fetch_call *call) {
    struct request *r = call->request;
    return auth_take(&r->pass, call->batch.count, clock_now_ms(), &call->grant, &r->rates, &call->problem);
}

static void give_quota_back(struct fetch_call *call) {
    auth_refund(&call->grant);
    call->request->rates = (struct auth_rates){0}; /* they told of what was taken */
}

/* From here on results may come and the client may leave: both find the lock taken until all is set. */
static enum err submit(struct fetch_call *call) {
    const struct api_options *options = api_options(call->api);
    pthread_mutex_lock(&call->lock);
    enum err err = fetch_batch_submit(&call->batch, options->pool, options->fetcher);
    if (!err)
        monitor_watch(api_monitor(call->api), &call->watch, request_fd(call->request), fetch_flow_client_left, call);
    pthread_mutex_unlock(&call->lock);
    return err;
}

/* The pool has no part in it: a problem, or the empty list. The call may be freed as soon as the lock is free. */
static void resume_without_pool(struct fetch_call *call) {
    pthread_mutex_lock(&call->lock);
    call->refs--;
    fetch_flow_resume_locked(call);
    pthread_mutex_unlock(&call->lock);
}

/* Of IPv6 a caller's address is its network: that of ::1 is its own. */
static bool is_on_this_machine(const struct request *r) {
    char address[REQUEST_CALLER_BYTES];
    request_address(r, address);
    return request_is_local(r) || strncmp(address, "127.", 4) == 0 || strcmp(address, "::") == 0;
}

/* May be told what the guard and the hosts are about: with a token that is good for hosts or, where nobody has one,
 * from this machine. */
static bool looks_after_service(const struct request *r) {
    struct auth *auth = api_options(r->api)->auth;
    return auth_may(auth, &r->pass, TOKEN_SCOPE_HOSTS) && (auth_asks(auth, TOKEN_SCOPE_HOSTS) || is_on_this_machine(r));
}

static void decode(struct background_task *task) {
    struct fetch_call *call = LIST_ENTRY(task, struct fetch_call, decode);
    struct request *r = call->request;
    struct fetch_options_target target = fetch_call_target(call, &call->problem);
    batch_decode(call->format, r->body.data, r->body.len, &target);
    api_drop_body(r);
    call->batch.plan_is_told = looks_after_service(r);
    enum err err = ERR_NONE;
    if (call->problem.status == 0)
        err = answer_init(&call->answer, call->batch.count, call->delivery.format, call->delivery.order);
    bool has_work = !err && call->problem.status == 0 && call->batch.count > 0 && take_quota(call);
    if (has_work)
        err = submit(call);
    if (has_work && err)
        give_quota_back(call);
    if (err == ERR_FULL)
        api_count_rejected(r->api);
    if (err)
        explain(call, err, &call->problem);
    if (!err && !has_work && call->problem.status == 0)
        fetch_call_log_end(call);
    if (err || !has_work)
        resume_without_pool(call);
}

void fetch_call_start(struct fetch_call *call, enum batch_format format, const struct problem *problem) {
    struct request *r = call->request;
    call->format = format;
    call->problem = *problem;
    r->ops = &fetch_flow_request_ops;
    r->call = call;
    bool small = r->body.len <= CALL_INLINE_BYTES;
    pthread_mutex_lock(&call->lock);
    fetch_flow_suspend_locked(call);
    pthread_mutex_unlock(&call->lock);
    if (small)
        decode(&call->decode);
    else
        background_add(api_decoding(r->api), &call->decode, decode);
}
