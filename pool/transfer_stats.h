/* Counts one transfer: its phases and its bytes, as libcurl tells them. Used by pool/transfer.c only. */
#ifndef FETCHPOOL_POOL_TRANSFER_STATS_H
#define FETCHPOOL_POOL_TRANSFER_STATS_H

#include "pool/stats.h"
#include "pool/transfer.h"

#include <curl/curl.h>

/* All borrowed during the call. */
struct transfer_stats {
    CURL *easy;
    const struct transfer_request *request;
    bool opened;            /* a connection was made */
    int64_t received_bytes; /* of head and body, as they came */
    int64_t decoded_bytes;
};

/* After curl_easy_perform, and before the handle is reset. Any thread. */
void transfer_stats_count(const struct transfer_stats *told, struct stats *s);

#endif
