#include "daemon/manager.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "daemon/notify.h"
#include "daemon/watchdog.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANAGER_STEP_MS = 5000, /* from one look to the next */
    MANAGER_LOOKS = 4,      /* in the time that the watchdog waits, at least */
    MANAGER_LEAST_STEP_MS = 10,
    MANAGER_REMARK_BYTES = 512,
    MANAGER_STATUS_BYTES = MANAGER_REMARK_BYTES + 128,
};

struct manager {
    struct manager_options options;
    struct notify notify;
    int64_t watchdog_ms; /* 0: the manager has none */
    int64_t step_ms;
    struct timer_event look;
    struct watchdog watchdog; /* the timers' thread looks */
    pthread_t thread;
    sem_t wake; /* posted when a look is over, when there is something to tell, and at the end */
    char told[MANAGER_STATUS_BYTES];
    const char *told_fault;
    pthread_mutex_t lock; /* guards all below */
    struct pool_progress seen;
    enum pool_motion motion;
    bool looks; /* a look has begun and is not over */
    bool is_ready;
    bool reloads;
    bool has_changed; /* the status is to be told whatever it was */
    bool has_begun_to_stop;
    bool stops;
    char remark[MANAGER_REMARK_BYTES]; /* behind the status */
};

/* ---- looking, in the timers' thread ---- */

static void tell_overdue(size_t overdue, size_t before) {
    if (overdue > 0 && before == 0)
        log_warning("fetches are longer at work than they may be", log_int("workers", (int64_t)overdue));
}

static void look(void *arg) {
    struct manager *m = arg;
    struct pool_progress seen;
    pool_progress_read(m->options.pool, m->watchdog_ms, &seen);
    enum pool_motion motion = m->watchdog_ms ? watchdog_look(&m->watchdog, &seen) : POOL_MOVES;
    pthread_mutex_lock(&m->lock);
    size_t overdue_before = m->seen.overdue;
    m->seen = seen;
    m->motion = motion;
    m->looks = false;
    pthread_mutex_unlock(&m->lock);
    tell_overdue(m->watchdog_ms ? seen.overdue : 0, overdue_before);
    sem_post(&m->wake);
}

/* ---- the status ---- */

static void format_serving_locked(const struct manager *m, const char *what, char ret_status[MANAGER_STATUS_BYTES]) {
    (void)snprintf(ret_status, MANAGER_STATUS_BYTES, "%s: %zu running, %zu waiting%s%s", what, m->seen.running,
                   m->seen.waiting, *m->remark ? "; " : "", m->remark);
}

static void format_locked(const struct manager *m, enum api_stage stage, size_t left,
                          char ret_status[MANAGER_STATUS_BYTES]) {
    if (stage >= API_STAGE_DRAINING)
        (void)snprintf(ret_status, MANAGER_STATUS_BYTES, "%s: %zu left",
                       stage == API_STAGE_DRAINING ? "draining" : "ending", left);
    else if (m->reloads)
        (void)snprintf(ret_status, MANAGER_STATUS_BYTES, "reloading");
    else
        format_serving_locked(m, stage == API_STAGE_LEAVING ? "leaving" : "serving", ret_status);
}

/* False: that it is ready comes first. */
static bool format(struct manager *m, char ret_status[MANAGER_STATUS_BYTES]) {
    enum api_stage stage = api_stage(m->options.api);
    size_t left = api_left(m->options.api);
    pthread_mutex_lock(&m->lock);
    bool is_ready = m->is_ready;
    format_locked(m, stage, left, ret_status);
    pthread_mutex_unlock(&m->lock);
    return is_ready;
}

static void tell_status(struct manager *m, bool in_any_case) {
    char status[MANAGER_STATUS_BYTES];
    if (!format(m, status) || (!in_any_case && strcmp(status, m->told) == 0))
        return;
    memcpy(m->told, status, sizeof status);
    notify_status(&m->notify, status);
}

/* ---- the watchdog ---- */

static const char *fault_of_look_locked(const struct manager *m) {
    if (m->looks)
        return "the timers, or the pool's lock, do not answer";
    return m->motion == POOL_STALLED ? "work waits, workers are free, and none takes it"
           : m->motion == POOL_STUCK ? "all workers are longer at work than they may be"
                                     : NULL;
}

static void tell_fault(struct manager *m, const char *fault) {
    if (fault && fault != m->told_fault)
        log_error("the watchdog is told nothing", log_text("reason", fault));
    if (!fault && m->told_fault)
        log_info("the watchdog is told again that all is well");
    m->told_fault = fault;
}

/* Judges the look before, and begins one. */
static void take_step(struct manager *m) {
    pthread_mutex_lock(&m->lock);
    const char *fault = fault_of_look_locked(m);
    bool begin = !m->looks;
    m->looks = true;
    pthread_mutex_unlock(&m->lock);
    if (!fault && !api_has_answered(m->options.api))
        fault = "a thread of the front end does not answer";
    if (m->watchdog_ms) {
        if (!fault)
            notify_watchdog(&m->notify);
        tell_fault(m, fault);
        api_ask(m->options.api);
    }
    if (begin)
        timers_set(m->options.timers, &m->look, clock_now_ms());
}

/* ---- the thread ---- */

static bool takes_news(struct manager *m, bool *ret_has_changed) {
    pthread_mutex_lock(&m->lock);
    bool stops = m->stops;
    *ret_has_changed = m->has_changed;
    m->has_changed = false;
    pthread_mutex_unlock(&m->lock);
    return !stops;
}

static void *manager_main(void *arg) {
    struct manager *m = arg;
    bool has_changed;
    int64_t step_at_ms = clock_now_ms();
    while (takes_news(m, &has_changed)) {
        int64_t now_ms = clock_now_ms();
        if (now_ms >= step_at_ms) {
            take_step(m);
            step_at_ms = now_ms + m->step_ms;
        } else {
            tell_status(m, has_changed);
        }
        (void)thread_wait_until(&m->wake, step_at_ms); /* news, or the time */
    }
    return NULL;
}

static int64_t step_ms(int64_t watchdog_ms) {
    int64_t ms = watchdog_ms / MANAGER_LOOKS;
    if (watchdog_ms == 0 || ms > MANAGER_STEP_MS)
        return MANAGER_STEP_MS;
    return ms > MANAGER_LEAST_STEP_MS ? ms : MANAGER_LEAST_STEP_MS;
}

enum err manager_start(const struct manager_options *options, struct manager **ret_manager) {
    struct notify notify;
    *ret_manager = NULL;
    if (!notify_open(&notify))
        return ERR_NONE;
    struct manager *m = calloc(1, sizeof *m);
    if (!m) {
        notify_close(&notify);
        return ERR_NOMEM;
    }
    m->notify = notify;
    m->options = *options;
    m->watchdog_ms = notify_watchdog_ms();
    m->step_ms = step_ms(m->watchdog_ms);
    timer_event_init(&m->look, look, m);
    watchdog_init(&m->watchdog, options->pool);
    sem_init(&m->wake, 0, 0);
    pthread_mutex_init(&m->lock, NULL);
    *ret_manager = m;
    enum err err = thread_start("fp-manager", manager_main, m, false, &m->thread);
    if (err) {
        manager_destroy(m);
        *ret_manager = NULL;
    }
    return err;
}

void manager_stop(struct manager *m) {
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    m->stops = true;
    pthread_mutex_unlock(&m->lock);
    sem_post(&m->wake);
    (void)pthread_join(m->thread, NULL);
    timers_cancel(m->options.timers, &m->look);
    watchdog_end(&m->watchdog);
}

void manager_destroy(struct manager *m) {
    if (!m)
        return;
    watchdog_fini(&m->watchdog);
    pthread_mutex_destroy(&m->lock);
    sem_destroy(&m->wake);
    notify_close(&m->notify);
    free(m);
}

/* ---- what the daemon does ---- */

static void set_remark_locked(struct manager *m, const char *error) {
    (void)snprintf(m->remark, sizeof m->remark, "%s%s", error ? "settings not reloaded: " : "", error ? error : "");
    m->remark[strcspn(m->remark, "\r\n")] = '\0';
}

void manager_ready(struct manager *m) {
    if (!m)
        return;
    notify_ready(&m->notify, "serving");
    pthread_mutex_lock(&m->lock);
    m->is_ready = true;
    pthread_mutex_unlock(&m->lock);
    sem_post(&m->wake);
}

static bool is_stopping(struct manager *m) {
    pthread_mutex_lock(&m->lock);
    bool stopping = m->has_begun_to_stop;
    pthread_mutex_unlock(&m->lock);
    return stopping;
}

/* The end is not taken back. */
void manager_reloading(struct manager *m) {
    if (!m || is_stopping(m))
        return;
    pthread_mutex_lock(&m->lock);
    m->reloads = true;
    pthread_mutex_unlock(&m->lock);
    notify_reloading(&m->notify);
}

void manager_reloaded(struct manager *m, const char *error) {
    char status[MANAGER_STATUS_BYTES];
    if (!m || is_stopping(m))
        return;
    pthread_mutex_lock(&m->lock);
    m->reloads = false;
    m->has_changed = true;
    set_remark_locked(m, error);
    format_serving_locked(m, "serving", status);
    pthread_mutex_unlock(&m->lock);
    notify_ready(&m->notify, status);
    sem_post(&m->wake);
}

void manager_stopping(struct manager *m, int64_t within_ms) {
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    bool begins = !m->has_begun_to_stop;
    m->has_begun_to_stop = true;
    m->has_changed = true;
    pthread_mutex_unlock(&m->lock);
    if (begins)
        notify_stopping(&m->notify, api_stage(m->options.api) == API_STAGE_LEAVING ? "leaving" : "draining", within_ms);
    sem_post(&m->wake);
}
