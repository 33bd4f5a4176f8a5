/* What the files of a fetch call share. Used by fetch_call.c and fetch_flow.c only. */
#ifndef FETCHPOOL_API_FETCH_CALL_STATE_H
#define FETCHPOOL_API_FETCH_CALL_STATE_H

#include "api/answer.h"
#include "api/auth_grant.h"
#include "api/background.h"
#include "api/batch_decode.h"
#include "api/context.h"
#include "api/delivery.h"
#include "api/fetch_log.h"
#include "api/monitor.h"
#include "api/problem.h"
#include "api/request.h"
#include "base/timers.h"
#include "pool/fetch_batch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fetch_call {
    struct fetch_batch batch;
    struct delivery delivery;
    struct request *request; /* not after it has closed; nor the next two, unless a drain waits for the batch */
    struct api *api;
    const struct settings *settings; /* those in force when it came */
    _Atomic size_t *all_held;        /* bytes that all answers hold together */
    struct timers *timers;
    struct fetch_log log;
    struct auth_grant grant; /* what its URLs have taken of their caller's limits */
    struct background_task decode;
    struct monitor_watch watch;
    struct timer_event flush;
    enum batch_format format;
    struct problem problem; /* instead of the results */
    _Atomic bool is_unread; /* as the answer says by `abandoned`, for a look without the lock */
    pthread_mutex_t lock;   /* guards all below; is taken before the pool's */
    struct answer answer;
    int64_t body_bytes; /* of all responses that came */
    unsigned refs;      /* the request's and the pool's */
    bool waiting;       /* the request is suspended */
    bool flush_is_set;
    bool flush_due;  /* send what there is, however little */
    bool held;       /* the client does not keep up: nothing new is started but `wanted` */
    size_t wanted;   /* the item that the reader waits for, or SCHED_NO_ITEM */
    bool unattended; /* the batch goes on without the request, and a drain waits for it */
};

/* Its batch is done: what the log says of it. Without its lock. */
void fetch_call_log_end(struct fetch_call *call);

/* Gives up the request's or the pool's part in it; the last one frees it. */
void fetch_call_unref(struct fetch_call *call);

#endif
