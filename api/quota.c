#include "api/quota.h"

enum { QUOTA_URL = 60 * 1000 }; /* the unit of `spent` */

static void drain(struct quota *q, int64_t per_minute, int64_t now_ms) {
    int64_t passed_ms = now_ms - q->at_ms;
    q->at_ms = now_ms;
    if (per_minute == 0 || passed_ms > q->spent / per_minute)
        q->spent = 0;
    else if (passed_ms > 0)
        q->spent -= passed_ms * per_minute;
}

static int64_t room(const struct quota *q, const struct token_limits *limits) {
    return limits->urls_per_minute * QUOTA_URL - q->spent; /* below 0 when the limit was lowered meanwhile */
}

static bool exceeds(int64_t urls, int64_t limit) {
    return limit != 0 && urls > limit;
}

enum quota_verdict quota_take(struct quota *q, const struct token_limits *limits, int64_t urls, int64_t now_ms) {
    drain(q, limits->urls_per_minute, now_ms);
    if (exceeds(urls, limits->urls_per_minute) || exceeds(urls, limits->max_in_flight))
        return QUOTA_TOO_MANY;
    if (limits->urls_per_minute != 0 && urls * QUOTA_URL > room(q, limits))
        return QUOTA_MINUTE_IS_FULL;
    if (exceeds(atomic_load(&q->in_flight) + urls, limits->max_in_flight))
        return QUOTA_FLIGHT_IS_FULL;
    if (limits->urls_per_minute != 0)
        q->spent += urls * QUOTA_URL;
    atomic_fetch_add(&q->in_flight, urls);
    return QUOTA_TAKEN;
}

void quota_undo(struct quota *q, const struct token_limits *limits, int64_t urls) {
    int64_t units = limits->urls_per_minute != 0 ? urls * QUOTA_URL : 0;
    q->spent -= units < q->spent ? units : q->spent;
    quota_give_back(q, urls);
}

void quota_give_back(struct quota *q, int64_t urls) {
    atomic_fetch_sub(&q->in_flight, urls);
}

static int64_t not_below_0(int64_t n) {
    return n > 0 ? n : 0;
}

static int64_t divide_up(int64_t n, int64_t by) {
    return (n + by - 1) / by;
}

struct quota_left quota_look(struct quota *q, const struct token_limits *limits, int64_t now_ms) {
    struct quota_left left = {0};
    drain(q, limits->urls_per_minute, now_ms);
    if (limits->urls_per_minute != 0) {
        left.urls_this_minute = not_below_0(room(q, limits)) / QUOTA_URL;
        left.full_after_ms = divide_up(q->spent, limits->urls_per_minute);
    }
    if (limits->max_in_flight != 0)
        left.in_flight = not_below_0(limits->max_in_flight - atomic_load(&q->in_flight));
    return left;
}

int64_t quota_wait_ms(struct quota *q, const struct token_limits *limits, int64_t urls, int64_t now_ms) {
    drain(q, limits->urls_per_minute, now_ms);
    if (limits->urls_per_minute == 0)
        return 0;
    return divide_up(not_below_0(urls * QUOTA_URL - room(q, limits)), limits->urls_per_minute);
}
