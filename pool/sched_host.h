/* What the scheduler knows of a host: how much may run there, what does, and until when it is left in peace.
 *
 * A host is known as long as work leads to it, and beyond that while something about it has to be remembered: a pause,
 * a delay that is not over, limits set by hand. Plain structures without threads. Used by sched*.c and pool_hosts.c
 * only. */
#ifndef FETCHPOOL_POOL_SCHED_HOST_H
#define FETCHPOOL_POOL_SCHED_HOST_H

#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/table.h"
#include "pool/sched_wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Things that wait for a time stand in one heap. */
enum sched_wake_kind { SCHED_WAKE_HOST, SCHED_WAKE_FLOW, SCHED_WAKE_AGAIN };

struct sched_wake {
    struct heap_node node;
    enum sched_wake_kind kind;
};

enum { SCHED_HOST_DEFAULT = -1 };

struct sched_host {
    struct table_node in_table;
    struct sched_wake wake;   /* at the end of its pause or delay */
    struct list parked;       /* flows that could start an item, were it not for the host */
    struct sched_crowd crowd; /* items of the flows in `parked` */
    struct list asking;       /* flows whose batch asks for more than the default */
    int64_t next_start_ms;    /* not before, because of the delay */
    int64_t paused_until_ms;  /* 0: it is not; CLOCK_NEVER: until it is resumed by hand */
    int64_t delay_ms;         /* set by hand, or SCHED_HOST_DEFAULT */
    int64_t max_concurrent;   /* set by hand, or SCHED_HOST_DEFAULT */
    uint32_t asked;           /* the most of what is asked for in `asking`; 0 */
    uint32_t flows;
    uint32_t waiting;
    uint32_t in_flight;
    uint32_t granted; /* places kept for flows that left `parked` and have not started their item */
    char name[];
};

/* ERR_NOMEM is NULL. */
struct sched_host *sched_host_create(const char *name, size_t len);

/* Nothing would be lost by forgetting it. */
bool sched_host_is_idle(const struct sched_host *h, int64_t now_ms);

/* When its pause or its delay is over; 0 when neither holds now. */
int64_t sched_host_blocked_until(const struct sched_host *h, int64_t now_ms);

static inline bool sched_host_is_set_by_hand(const struct sched_host *h) {
    return h->delay_ms != SCHED_HOST_DEFAULT || h->max_concurrent != SCHED_HOST_DEFAULT;
}

#endif
