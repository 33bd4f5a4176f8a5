/* What came of the fetches: how many ended how, how long they and their phases took, what was sent and received.
 *
 * Counted by whoever fetches into one of a few copies, so that threads seldom meet in one; whoever reads adds the
 * copies up. No lock and nothing else that one could wait for: fetches are not slower for being looked at. */
#ifndef FETCHPOOL_POOL_STATS_H
#define FETCHPOOL_POOL_STATS_H

#include "base/err.h"
#include "pool/fetch_result.h"

#include <stdbool.h>
#include <stdint.h>

/* How a fetch can end: with a status of one of these classes, or, behind them, with an error. */
enum stats_class {
    STATS_1XX,
    STATS_2XX,
    STATS_3XX,
    STATS_4XX,
    STATS_5XX,
    STATS_OTHER_STATUS, /* 600 to 999 */
    STATS_CLASS_COUNT,
};

enum { STATS_RESULT_COUNT = STATS_CLASS_COUNT + FETCH_ERROR_COUNT };

/* What a request to an origin does one after the other. */
enum stats_phase { STATS_LOOKUP, STATS_CONNECT, STATS_TLS, STATS_WAIT, STATS_TRANSFER, STATS_PHASE_COUNT };

/* Times, sorted by length: `counts[i]` is how many took up to stats_bounds_us[i], and no less than the bound before;
 * the last one is of those that took longer. */
enum { STATS_BOUNDS = 16 };
extern const int64_t stats_bounds_us[STATS_BOUNDS];

struct stats_spread {
    uint64_t counts[STATS_BOUNDS + 1];
    uint64_t sum_us;
};

/* All since the start. Nothing but uint64_t. */
struct stats_totals {
    uint64_t results[STATS_RESULT_COUNT]; /* by enum stats_class, then by enum fetch_error */
    uint64_t given_up[FETCH_GIVEN_UP_COUNT];
    uint64_t retries;
    uint64_t redirects;
    uint64_t received_bytes; /* heads and bodies as they came, without what frames chunks and without TLS */
    uint64_t decoded_bytes;  /* of bodies */
    uint64_t sent_bytes;     /* heads and bodies, without TLS */
    struct stats_spread duration;
    struct stats_spread queue;
    struct stats_spread phases[STATS_PHASE_COUNT];
};

struct stats;

/* ERR_NOMEM. */
enum err stats_create(struct stats **ret_stats) ERR_MUST_CHECK;

/* Accepts NULL. */
void stats_destroy(struct stats *s);

/* All of these: any thread. */

/* The result of an item, whether it `was_started` or skipped before. */
void stats_count_result(struct stats *s, const struct fetch_result *result, bool was_started);

/* An item was started for the first time, so long after it was accepted. */
void stats_count_start(struct stats *s, int64_t queue_us);

/* A further attempt begins. */
void stats_count_retry(struct stats *s);

/* There is none, though it might have helped. */
void stats_count_given_up(struct stats *s, enum fetch_given_up why);

/* A phase of one request. */
void stats_count_phase(struct stats *s, enum stats_phase phase, int64_t us);

struct stats_bytes {
    int64_t received;
    int64_t decoded;
    int64_t sent;
};

void stats_count_bytes(struct stats *s, const struct stats_bytes *bytes);

/* What was counted until now; what is being counted meanwhile may be in it or not. */
void stats_read(const struct stats *s, struct stats_totals *ret_totals);

#endif
