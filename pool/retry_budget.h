/* How many retries an outage may cause: a share of the fetches of the last seconds, so that a host that fails
 * everything is not asked several times as often as before. A few are always free, or a quiet service could never
 * retry. */
#ifndef FETCHPOOL_POOL_RETRY_BUDGET_H
#define FETCHPOOL_POOL_RETRY_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { RETRY_BUDGET_FREE = 10, RETRY_BUDGET_SPAN_MS = 10000 };

/* Counts of one half of the span. */
struct retry_count {
    int64_t fetches;
    int64_t retries;
};

/* Embedded by value; fields are private. */
struct retry_budget {
    pthread_mutex_t lock; /* guards all below */
    int percent;
    int64_t half; /* the number of the half of a span that it is now */
    struct retry_count now;
    struct retry_count before;
};

/* `percent` retries for each hundred fetches; with 0 there are none, not even free ones. */
void retry_budget_init(struct retry_budget *b, int percent);
void retry_budget_fini(struct retry_budget *b);

/* From now on so many. Any thread. */
void retry_budget_set(struct retry_budget *b, int percent);

/* Counts a fetch that is no retry. `now_ms` is monotonic. Any thread. */
void retry_budget_count(struct retry_budget *b, int64_t now_ms);

/* True: one more retry is allowed, and counted. Any thread. */
bool retry_budget_take(struct retry_budget *b, int64_t now_ms);

#endif
