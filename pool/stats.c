#include "pool/stats.h"

#include "base/counter.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATS_COPIES = 16,
    STATS_LINE_BYTES = 64, /* of the processor's cache: copies share none */
    STATS_NUMBERS = sizeof(struct stats_totals) / sizeof(uint64_t),
};

_Static_assert(sizeof(struct stats_totals) % sizeof(uint64_t) == 0, "nothing but numbers");

const int64_t stats_bounds_us[STATS_BOUNDS] = {
    1000,   2500,    5000,    10000,   25000,    50000,    100000,   250000,
    500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 300000000,
};

/* The numbers of a struct stats_totals, in their order. */
struct stats_copy {
    _Alignas(STATS_LINE_BYTES) struct counter numbers[STATS_NUMBERS];
};

struct stats {
    struct stats_copy copies[STATS_COPIES];
};

/* Where a member stands among the numbers. */
#define NUMBER(member) (offsetof(struct stats_totals, member) / sizeof(uint64_t))

enum err stats_create(struct stats **ret_stats) {
    struct stats *s = aligned_alloc(STATS_LINE_BYTES, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    memset(s, 0, sizeof *s);
    *ret_stats = s;
    return ERR_NONE;
}

void stats_destroy(struct stats *s) {
    free(s);
}

/* Threads are dealt out to the copies in turn, when they count for the first time. */
static struct counter *own_numbers(struct stats *s) {
    static atomic_uint threads;
    static _Thread_local unsigned own; /* plus one; 0: it has none yet */
    if (own == 0)
        own = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % STATS_COPIES + 1;
    return s->copies[own - 1].numbers;
}

static size_t bucket_of(int64_t us) {
    size_t i = 0;
    while (i < STATS_BOUNDS && us > stats_bounds_us[i])
        i++;
    return i;
}

/* `spread` is the number that the spread begins with. */
static void count_time(struct counter *numbers, size_t spread, int64_t us) {
    int64_t time_us = us > 0 ? us : 0;
    counter_add_shared(&numbers[spread + bucket_of(time_us)], 1);
    counter_add_shared(&numbers[spread + offsetof(struct stats_spread, sum_us) / sizeof(uint64_t)], (uint64_t)time_us);
}

static size_t result_of(const struct fetch_result *result) {
    if (result->error)
        return (size_t)STATS_CLASS_COUNT + (size_t)result->error;
    int hundreds = result->status / 100;
    return hundreds >= 1 && hundreds <= 5 ? (size_t)(hundreds - 1) : (size_t)STATS_OTHER_STATUS;
}

void stats_count_result(struct stats *s, const struct fetch_result *result, bool was_started) {
    struct counter *numbers = own_numbers(s);
    counter_add_shared(&numbers[NUMBER(results) + result_of(result)], 1);
    if (was_started)
        count_time(numbers, NUMBER(duration), result->elapsed_us);
    if (result->redirect_count > 0)
        counter_add_shared(&numbers[NUMBER(redirects)], result->redirect_count);
}

void stats_count_start(struct stats *s, int64_t queue_us) {
    count_time(own_numbers(s), NUMBER(queue), queue_us);
}

void stats_count_retry(struct stats *s) {
    counter_add_shared(&own_numbers(s)[NUMBER(retries)], 1);
}

void stats_count_given_up(struct stats *s, enum fetch_given_up why) {
    counter_add_shared(&own_numbers(s)[NUMBER(given_up) + (size_t)why], 1);
}

void stats_count_phase(struct stats *s, enum stats_phase phase, int64_t us) {
    count_time(own_numbers(s), NUMBER(phases) + (size_t)phase * (sizeof(struct stats_spread) / sizeof(uint64_t)), us);
}

void stats_count_bytes(struct stats *s, const struct stats_bytes *bytes) {
    struct counter *numbers = own_numbers(s);
    counter_add_shared(&numbers[NUMBER(received_bytes)], (uint64_t)bytes->received);
    counter_add_shared(&numbers[NUMBER(sent_bytes)], (uint64_t)bytes->sent);
    if (bytes->decoded > 0)
        counter_add_shared(&numbers[NUMBER(decoded_bytes)], (uint64_t)bytes->decoded);
}

void stats_read(const struct stats *s, struct stats_totals *ret_totals) {
    uint64_t sums[STATS_NUMBERS] = {0};
    for (size_t copy = 0; copy < STATS_COPIES; copy++)
        for (size_t i = 0; i < STATS_NUMBERS; i++)
            sums[i] += counter_read(&s->copies[copy].numbers[i]);
    memcpy(ret_totals, sums, sizeof sums);
}
