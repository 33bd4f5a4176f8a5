/* What can be read of a fetcher while it works: numbers since its start, and of now. */
#ifndef FETCHPOOL_POOL_FETCHER_STATS_H
#define FETCHPOOL_POOL_FETCHER_STATS_H

#include "pool/fetch.h"
#include "pool/name_answer.h"
#include "pool/stats.h"

#include <stdint.h>

/* Nothing but uint64_t, here and below. */
struct handles_stats {
    uint64_t idle;
    uint64_t in_use;
    uint64_t opened;      /* connections that were made */
    uint64_t reused;      /* requests that went over one that was there */
    uint64_t closed_cold; /* idle handles closed to make room, for others or for descriptors, or after their time */
};

/* Where the answer about a name came from. */
enum names_source {
    NAMES_CACHED,
    NAMES_ASKED,
    NAMES_JOINED, /* another fetch had asked already */
    NAMES_KNOWN,  /* localhost and .invalid */
    NAMES_SOURCE_COUNT,
};

struct names_stats {
    uint64_t lookups[NAMES_SOURCE_COUNT];
    uint64_t answers[NAME_STATUS_COUNT]; /* of name servers, by enum name_status */
    uint64_t cached;                     /* names, those that are being looked up included */
};

struct fetcher_stats {
    struct stats_totals fetches;
    struct handles_stats handles;
    struct names_stats names;
    uint64_t guard_refusals;
};

/* Takes no lock that a fetch takes. Any thread. */
void fetcher_read_stats(struct fetcher *f, struct fetcher_stats *ret_stats);

#endif
