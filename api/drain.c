#include "api/drain.h"

#include "api/api_state.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    DRAIN_GRACE_MS = 5000, /* for clients to read their answers after the drain timeout */
    DRAIN_STEP_MS = 100,
};

static bool take_drained_locked(struct api *api) {
    bool now = api_is_draining(api) && api->open_requests + api->unattended == 0 && !api->drained;
    api->drained = api->drained || now;
    return now;
}

void drain_count_open(struct api *api) {
    pthread_mutex_lock(&api->lock);
    api->open_requests++;
    pthread_mutex_unlock(&api->lock);
}

/* The struct api may be freed as soon as the lock is. */
static void count_down(struct api *api, size_t *count) {
    void (*tell)(void *arg) = api->options.drained;
    void *arg = api->options.arg;
    pthread_mutex_lock(&api->lock);
    --*count;
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        tell(arg);
}

void drain_count_closed(struct api *api) {
    count_down(api, &api->open_requests);
}

bool drain_count_unattended(struct api *api) {
    pthread_mutex_lock(&api->lock);
    bool waits = !api->drained && api->unattended < (size_t)api->options.settings->server.max_connections;
    api->unattended += waits;
    pthread_mutex_unlock(&api->lock);
    return waits;
}

void drain_count_ended(struct api *api) {
    count_down(api, &api->unattended);
}

static void drain_time_is_over(void *arg) {
    api_drain_now(arg);
}

/* The library would abort while a request is suspended, and a batch without its request uses the struct api in the
 * end. Both end by themselves: their fetches were cancelled. */
static bool must_wait_locked(const struct api *api) {
    return api->unattended + atomic_load(&api->suspended) > 0;
}

/* Clients that do not read are left behind. */
static void grace_is_over(void *arg) {
    struct api *api = arg;
    pthread_mutex_lock(&api->lock);
    bool wait = must_wait_locked(api);
    bool drained = !wait && !api->drained;
    api->drained = api->drained || drained;
    size_t open = api->open_requests;
    pthread_mutex_unlock(&api->lock);
    if (wait)
        timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + DRAIN_STEP_MS);
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

/* Whoever counted last may still be about to leave the lock. */
void drain_fini(struct api *api) {
    pthread_mutex_lock(&api->lock);
    pthread_mutex_unlock(&api->lock);
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
