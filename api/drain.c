#include "api/drain.h"

#include "api/api_state.h"
#include "api/pulse.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    DRAIN_GRACE_MS = 5000, /* for clients to read their answers after the drain timeout */
    DRAIN_STEP_MS = 100,
    DRAIN_QUIET_MS = 1000, /* where sockets stay: after the last answer, for what is on its way on open connections */
};

/* False: somebody else has. */
static bool advance(struct api *api, enum api_stage from, enum api_stage to) {
    return atomic_compare_exchange_strong(&api->stage, &from, to);
}

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

/* It may still be leaving because of an answer on a connection that was not told to close: that has a while more. */
static void set_delay_locked(struct api *api) {
    bool quiet = api_stage(api) == API_STAGE_LEAVING && api->delay_is_over && api->open_requests == 0;
    if (quiet)
        timers_set(api->options.timers, &api->drain_delay, clock_now_ms() + DRAIN_QUIET_MS);
}

/* The struct api may be freed as soon as the lock is. */
static void count_down(struct api *api, _Atomic size_t *count) {
    void (*tell)(void *arg) = api->options.drained;
    void *arg = api->options.arg;
    pthread_mutex_lock(&api->lock);
    --*count;
    set_delay_locked(api);
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
    bool waits = !api->drained && api->unattended < api->max_connections;
    api->unattended += waits;
    pthread_mutex_unlock(&api->lock);
    return waits;
}

void drain_count_ended(struct api *api) {
    count_down(api, &api->unattended);
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

static void end(struct api *api) {
    if (!advance(api, API_STAGE_DRAINING, API_STAGE_ENDING))
        return;
    log_info("draining no longer");
    pool_cancel_all(api->options.pool, FETCH_SHUTDOWN);
    timers_set(api->options.timers, &api->drain_grace, clock_now_ms() + DRAIN_GRACE_MS);
}

static void drain(struct api *api) {
    pool_close(api->options.pool);
    if (!advance(api, API_STAGE_LEAVING, API_STAGE_DRAINING))
        return;
    log_info("draining");
    /* Sooner than planned if a signal has cut the stage short. */
    int64_t end_ms = clock_now_ms() + api->drain_timeout_ms;
    timers_set(api->options.timers, &api->drain_timeout, end_ms < api->drain_end_ms ? end_ms : api->drain_end_ms);
    pthread_mutex_lock(&api->lock);
    bool drained = take_drained_locked(api);
    pthread_mutex_unlock(&api->lock);
    if (drained)
        api->options.drained(api->options.arg);
}

static void time_is_over(void *arg) {
    drain(arg); /* if it leaves for so long */
    end(arg);
}

static void delay_is_over(void *arg) {
    struct api *api = arg;
    pthread_mutex_lock(&api->lock);
    api->delay_is_over = true;
    bool wait = api->options.sockets_stay && api->open_requests > 0;
    pthread_mutex_unlock(&api->lock);
    if (!wait)
        drain(api);
}

/* Nobody is there, and nobody can come. */
void drain_look_for_clients(struct api *api) {
    if (api_stage(api) == API_STAGE_LEAVING && atomic_load(&api->quiet_fronts) == api->front_count &&
        clients_are_none(api->clients))
        drain(api);
}

static void front_is_quiet(void *arg) {
    struct api *api = arg;
    if (atomic_fetch_add(&api->quiet_fronts, 1) + 1 == api->front_count)
        log_info("new connections wait for the next process");
    drain_look_for_clients(api);
}

void drain_init(struct api *api) {
    pthread_mutex_init(&api->lock, NULL);
    timer_event_init(&api->drain_delay, delay_is_over, api);
    timer_event_init(&api->drain_timeout, time_is_over, api);
    timer_event_init(&api->drain_grace, grace_is_over, api);
}

/* Whoever counted last may still be about to leave the lock. */
void drain_fini(struct api *api) {
    pthread_mutex_lock(&api->lock);
    pthread_mutex_unlock(&api->lock);
    pthread_mutex_destroy(&api->lock);
}

static void leave(struct api *api) {
    const struct settings *settings = settings_share_ref(api->options.settings);
    int64_t now_ms = clock_now_ms(), delay_ms = settings->server.drain_delay_ms;
    api->drain_timeout_ms = settings->server.drain_timeout_ms;
    settings_unref(settings);
    if (api->options.sockets_stay && delay_ms < DRAIN_QUIET_MS)
        delay_ms = DRAIN_QUIET_MS;
    api->drain_end_ms = now_ms + delay_ms + api->drain_timeout_ms;
    if (!advance(api, API_STAGE_SERVING, API_STAGE_LEAVING))
        return;
    timers_set(api->options.timers, &api->drain_timeout, api->drain_end_ms);
    if (delay_ms == 0) {
        drain(api);
        return;
    }
    log_info("leaving: not ready any more, but work is still taken", log_seconds("delay", delay_ms * 1000));
    timers_set(api->options.timers, &api->drain_delay, now_ms + delay_ms);
    for (size_t i = 0; i < api->front_count && api->options.sockets_stay; i++)
        pulse_quiesce(api->fronts[i].pulse, front_is_quiet, api);
}

void api_drain(struct api *api) {
    switch (api_stage(api)) {
    case API_STAGE_SERVING:
        leave(api);
        break;
    case API_STAGE_LEAVING:
        drain(api);
        break;
    case API_STAGE_DRAINING:
        end(api);
        break;
    case API_STAGE_ENDING:
        break;
    }
}

size_t api_left(struct api *api) {
    pthread_mutex_lock(&api->lock);
    size_t left = api->open_requests + api->unattended;
    pthread_mutex_unlock(&api->lock);
    return left;
}
