#include "api/connection.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    CONNECTION_READ_SPEED_STEPS = 4, /* looks at a reader in a window */
    CONNECTION_REFUSED_MS = 2000,    /* for the header, and for the body, on a connection that will be refused */
};

enum phase { PHASE_HEADER, PHASE_BODY, PHASE_WORK, PHASE_SEND };

struct connection {
    struct connection_options options;
    struct timer_event clock;
    pthread_mutex_t lock; /* guards all below */
    enum phase phase;
    int64_t due_ms; /* of the phase; not of PHASE_WORK */
    bool is_set;
    int64_t set_ms; /* when the clock rings */
    struct read_speed read_speed;
};

static void set_clock_locked(struct connection *c, int64_t due_ms) {
    if (c->is_set && c->set_ms <= due_ms)
        return;
    c->is_set = true;
    c->set_ms = due_ms;
    timers_set(c->options.timers, &c->clock, due_ms);
}

static int64_t read_speed_step_ms(const struct connection *c) {
    return c->options.limits.read_speed.window_ms / CONNECTION_READ_SPEED_STEPS;
}

/* Sets the time of the next look. */
static bool reads_too_slowly_locked(struct connection *c, int64_t now_ms) {
    struct read_speed_sample sample;
    c->due_ms = now_ms + read_speed_step_ms(c);
    return read_speed_measure(c->options.fd, &sample) &&
           read_speed_is_too_slow(&c->read_speed, &c->options.limits.read_speed, &sample, now_ms);
}

static bool is_over_locked(struct connection *c, int64_t now_ms) {
    if (c->phase == PHASE_WORK || now_ms < c->due_ms)
        return false;
    return c->phase != PHASE_SEND || reads_too_slowly_locked(c, now_ms);
}

/* What a client does not read would stay in the system's memory for as long as it drips: the close throws it away. */
static void cut_locked(const struct connection *c) {
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (c->phase == PHASE_SEND)
        (void)setsockopt(c->options.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* else it is thrown away later */
    (void)shutdown(c->options.fd, SHUT_RDWR); /* fails when the peer has gone before */
}

/* The descriptor is still open: connection_destroy waits for this. */
static void ring(void *arg) {
    struct connection *c = arg;
    pthread_mutex_lock(&c->lock);
    c->is_set = false;
    bool over = is_over_locked(c, clock_now_ms());
    if (over)
        cut_locked(c);
    else if (c->phase != PHASE_WORK)
        set_clock_locked(c, c->due_ms);
    pthread_mutex_unlock(&c->lock);
}

static void enter(struct connection *c, enum phase phase, int64_t limit_ms) {
    int64_t due_ms = clock_now_ms() + limit_ms;
    pthread_mutex_lock(&c->lock);
    c->phase = phase;
    c->due_ms = due_ms;
    c->read_speed = (struct read_speed){0};
    set_clock_locked(c, due_ms);
    pthread_mutex_unlock(&c->lock);
}

/* Places to be refused in are few. */
static int64_t hurried_ms(const struct connection *c, int64_t limit_ms) {
    bool hurries = c->options.pass.verdict != CLIENTS_OPEN && limit_ms > CONNECTION_REFUSED_MS;
    return hurries ? CONNECTION_REFUSED_MS : limit_ms;
}

struct connection *connection_create(const struct connection_options *options) {
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->options = *options;
    pthread_mutex_init(&c->lock, NULL);
    timer_event_init(&c->clock, ring, c);
    enter(c, PHASE_HEADER, hurried_ms(c, options->limits.header_ms));
    return c;
}

struct clients_pass connection_destroy(struct connection *c) {
    struct clients_pass pass = c->options.pass;
    timers_cancel(c->options.timers, &c->clock);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return pass;
}

void connection_await_header(struct connection *c) {
    enter(c, PHASE_HEADER, c->options.limits.idle_ms);
}

void connection_await_body(struct connection *c) {
    enter(c, PHASE_BODY, hurried_ms(c, c->options.limits.body_ms));
}

void connection_work(struct connection *c) {
    pthread_mutex_lock(&c->lock);
    c->phase = PHASE_WORK;
    pthread_mutex_unlock(&c->lock);
}

void connection_send(struct connection *c) {
    enter(c, PHASE_SEND, read_speed_step_ms(c));
}

struct api *connection_api(const struct connection *c) {
    return c->options.api;
}

bool connection_is_local(const struct connection *c) {
    return c->options.is_local;
}

enum clients_verdict connection_verdict(const struct connection *c) {
    return c->options.pass.verdict;
}
