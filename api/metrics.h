/* GET /metrics: all numbers of the process, gathered at once and written as one table says. */
#ifndef FETCHPOOL_API_METRICS_H
#define FETCHPOOL_API_METRICS_H

#include "api/clients.h"
#include "api/traffic.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/usage.h"
#include "pool/fetcher_stats.h"
#include "pool/pool_stats.h"

#include <stdint.h>

struct api;

/* Nothing but uint64_t, so that each number has a place that the table can name. */
struct metrics {
    struct fetcher_stats fetcher;
    struct pool_stats pool;
    struct traffic_totals traffic;
    struct clients_stats clients;
    struct usage usage;
    uint64_t max_connections;
    uint64_t open_requests;
    uint64_t unattended; /* batches that go on without their client */
    uint64_t body_bytes; /* of requests, in memory */
    uint64_t held_bytes; /* of answers, in memory */
    uint64_t draining;   /* 0 or 1 */
    uint64_t one;        /* always 1 */
};

/* Takes no lock that a fetch or a request takes. May take milliseconds: base/usage.h. Any thread. */
void metrics_gather(struct api *api, struct metrics *ret_metrics);

/* ERR_NOMEM, ERR_LIMIT. */
enum err metrics_write(const struct metrics *m, struct buf *out) ERR_MUST_CHECK;

#endif
