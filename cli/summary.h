/* How a list went: counts, times, the slowest and the first that failed. Plain; not thread-safe. */
#ifndef FETCHPOOL_CLI_SUMMARY_H
#define FETCHPOOL_CLI_SUMMARY_H

#include "base/err.h"
#include "pool/fetch_result.h"

#include <stddef.h>
#include <stdint.h>

enum { SUMMARY_STATUSES = 1000, SUMMARY_SLOWEST = 10, SUMMARY_FAILURES = 10 };

/* What is kept of a result. */
struct summary_entry {
    size_t index; /* in the list */
    int status;
    enum fetch_error error;
    int64_t size_bytes;
    int64_t elapsed_us;
    struct fetch_timings timings;
    char error_text[FETCH_ERROR_TEXT_BYTES];
};

struct summary {
    size_t total;
    size_t done;
    size_t failed; /* no response, or a status of 400 and more */
    size_t by_status[SUMMARY_STATUSES];
    size_t by_error[FETCH_ERROR_NUMBERS];
    int64_t size_bytes;
    int64_t *elapsed_us; /* of those that were answered; NULL: they are not kept */
    size_t answered;
    struct summary_entry slowest[SUMMARY_SLOWEST]; /* the slowest first */
    size_t slowest_count;
    struct summary_entry failures[SUMMARY_FAILURES]; /* those that came first */
    size_t failure_count;
};

/* `keep_times`: for percentiles. ERR_NOMEM. */
enum err summary_init(struct summary *s, size_t total, bool keep_times) ERR_MUST_CHECK;
void summary_fini(struct summary *s);

/* Counts a result. */
void summary_add(struct summary *s, size_t index, const struct fetch_result *result);

/* The time that `percent` of the answered did not take longer than; sorts what is kept. 0 when none is. */
int64_t summary_percentile_us(struct summary *s, unsigned percent);

#endif
