/* What clients asked and what became of it, counted without a lock. */
#ifndef FETCHPOOL_API_TRAFFIC_H
#define FETCHPOOL_API_TRAFFIC_H

#include "api/problem.h"
#include "api/router.h"
#include "base/counter.h"

#include <stddef.h>
#include <stdint.h>

/* 1xx to 5xx. */
enum { TRAFFIC_CLASSES = 5 };

/* Nothing but uint64_t. */
struct traffic_totals {
    uint64_t answers[ROUTER_MAX_ROUTES + 1][TRAFFIC_CLASSES]; /* by router_index */
    uint64_t refusals[PROBLEM_REASON_COUNT];
};

/* Embedded by value; all zero is right; fields are private. */
struct traffic {
    struct counter answers[ROUTER_MAX_ROUTES + 1][TRAFFIC_CLASSES];
    struct counter refusals[PROBLEM_REASON_COUNT];
};

/* A request of this route (NULL: of none) is answered with this status. Any thread. */
void traffic_count_answer(struct traffic *t, const struct route *route, int status);

/* ... because it is refused. Any thread. */
void traffic_count_refusal(struct traffic *t, const struct problem *p);

/* Any thread. */
void traffic_read(const struct traffic *t, struct traffic_totals *ret_totals);

#endif
