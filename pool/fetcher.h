/* What a fetcher consists of. Used by fetcher.c and fetch.c only; fetch.h has what others need. */
#ifndef FETCHPOOL_POOL_FETCHER_H
#define FETCHPOOL_POOL_FETCHER_H

#include "pool/certs.h"
#include "pool/fetch.h"
#include "pool/fetcher_stats.h"
#include "pool/guard.h"
#include "pool/handles.h"
#include "pool/names.h"
#include "pool/retry_budget.h"
#include "pool/stats.h"
#include "pool/transfer.h"

struct fetcher {
    struct guard *guard;
    struct certs *certs;
    struct names *names;
    struct handles *handles;
    struct stats *stats;
    char *user_agent;
    _Atomic int64_t max_pause_ms;
    struct retry_budget retry_budget;
    struct curl_slist *plain_headers;
    void (*no_file)(size_t in_use); /* may be NULL */
    struct transfer_setup setup;
};

#endif
