/* What the files of the server share. Used by server.c, intake.c, drain.c, context.c and metrics.c only. */
#ifndef FETCHPOOL_API_API_STATE_H
#define FETCHPOOL_API_API_STATE_H

#include "api/background.h"
#include "api/clients.h"
#include "api/connection.h"
#include "api/monitor.h"
#include "api/pulse.h"
#include "api/server.h"
#include "api/tls.h"
#include "api/traffic.h"
#include "base/timers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Daemon;

/* A listening socket and who serves it. */
struct api_front {
    struct MHD_Daemon *daemon;
    struct pulse *pulse;
    int fd; /* the daemon's own descriptor of the socket */
};

struct api {
    struct api_options options;
    struct timer_event drain_delay;
    struct timer_event drain_timeout;
    struct timer_event drain_grace;
    struct timer_event accept_again;
    struct background *decoding; /* of large bodies */
    struct background *scraping; /* of metrics; no body waits for it, and it for none */
    struct monitor *monitor;
    struct clients *clients;
    struct tls *tls; /* NULL: plain HTTP is spoken */
    size_t max_connections;
    _Atomic size_t body_bytes; /* of all requests */
    _Atomic size_t suspended;  /* requests */
    _Atomic size_t held_bytes; /* of all answers */
    _Atomic uint64_t rejected; /* requests that found the queue full */
    struct traffic traffic;
    uint64_t started_at_us;        /* the process, by the wall clock */
    _Atomic size_t quiet_fronts;   /* that leave their socket alone */
    int64_t drain_end_ms;          /* whatever happens; as drain_timeout_ms set before the stage that it is needed in */
    int64_t drain_timeout_ms;      /* from when no more work is taken */
    _Atomic(enum api_stage) stage; /* set before the lock is taken to see whether requests are open */
    pthread_mutex_t lock;          /* guards the four below; the first two are read without */
    _Atomic size_t open_requests;  /* whose body is there and whose answer is not sent */
    _Atomic size_t unattended;     /* batches that go on without their request */
    bool delay_is_over;
    bool drained;
    _Atomic bool is_up; /* all fronts are there */
    size_t front_count;
    struct api_front fronts[];
};

#endif
