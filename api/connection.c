#include "api/connection.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/socket.h>

struct connection {
    struct timers *timers;
    struct timer_event limit;
    int64_t limit_ms;
    int fd;
};

/* The descriptor is still open: connection_destroy waits for this. The front end sees the end of the stream. */
static void time_is_over(void *arg) {
    struct connection *c = arg;
    (void)shutdown(c->fd, SHUT_RDWR); /* fails when the peer has gone before */
}

struct connection *connection_create(struct timers *timers, int fd, int64_t limit_ms) {
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->timers = timers;
    c->limit_ms = limit_ms;
    c->fd = fd;
    timer_event_init(&c->limit, time_is_over, c);
    connection_arm(c);
    return c;
}

void connection_destroy(struct connection *c) {
    connection_disarm(c);
    free(c);
}

void connection_arm(struct connection *c) {
    if (c)
        timers_set(c->timers, &c->limit, clock_now_ms() + c->limit_ms);
}

void connection_disarm(struct connection *c) {
    if (c)
        timers_cancel(c->timers, &c->limit);
}
