#include "api/drain.h"

#include "api/api_state.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    DRAIN_GRACE_MS = 5000, /* for clients to read their answers after the drain timeout */
    DRAIN_STEP_MS = 100,
};

static bool take_drained_locked(struct api *api) {
    bool now = api_is_draining(api) && api->open_requests == 0 && !api->drained;
    api->drained = api->drained || now;
    return now;
}

void drain_count_open(struct api *api) {
    pthread_mutex_lock(&api->lock);
    api->open_requests++;
    pthread_mutex_unlock(&api->lock);
}

void drain_count_closed(struct api *api) {
    pthread_mutex_lock(&api->lock);
    api->open_requests--;
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        api->options.drained(api->options.arg);
}

static void drain_time_is_over(void *arg) {
    api_drain_now(arg);
}

/* Clients that do not read are left behind. A request that is suspended is waited for all the same, as the library
 * would abort: its fetches were cancelled, and end. */
static void grace_is_over(void *arg) {
    struct api *api = arg;
    size_t suspended = atomic_load(&api->suspended);
    if (suspended > 0) {
        timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + DRAIN_STEP_MS);
        return;
    }
    pthread_mutex_lock(&api->lock);
    size_t open = api->open_requests;
    bool drained = !api->drained;
    api->drained = true;
    pthread_mutex_unlock(&api->lock);
    if (!drained)
        return;
    log_warning("clients did not read their answers", log_int("requests", (int64_t)open));
    api->options.drained(api->options.arg);
}

void drain_init(struct api *api) {
    pthread_mutex_init(&api->lock, NULL);
    timer_event_init(&api->drain_timeout, drain_time_is_over, api);
    timer_event_init(&api->drain_grace, grace_is_over, api);
}

void drain_fini(struct api *api) {
    pthread_mutex_destroy(&api->lock);
}

void api_drain(struct api *api) {
    int64_t end_ms = clock_now_ms() + api->options.settings->server.drain_timeout_ms;
    pool_close(api->options.pool);
    atomic_store(&api->is_draining, true);
    timers_set(api->options.timers, &api->drain_timeout, end_ms);
    pthread_mutex_lock(&api->lock);
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        api->options.drained(api->options.arg);
}

void api_drain_now(struct api *api) {
    pool_cancel_all(api->options.pool, FETCH_SHUTDOWN);
    timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + DRAIN_GRACE_MS);
}
