/* What the log says of a batch: a line when it ends and, at debug, one for each of its fetches, all with its id.
 *
 * Of a URL only the host is told, and of what callers write nothing else: no paths, queries, headers, bodies or ids. */
#ifndef FETCHPOOL_API_FETCH_LOG_H
#define FETCHPOOL_API_FETCH_LOG_H

#include "api/answer.h"
#include "api/batch_id.h"
#include "api/request.h"
#include "api/trace.h"
#include "base/log.h"
#include "pool/fetch_error.h"
#include "pool/fetch_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose batch it is; may be read. */
struct fetch_log {
    char batch_id[BATCH_ID_BYTES];
    struct trace trace;                 /* of the caller's traceparent */
    char caller[REQUEST_CALLER_BYTES];  /* request_caller */
    char address[REQUEST_CALLER_BYTES]; /* request_address */
};

/* Draws the id and takes down who asks. In the front end's thread. */
void fetch_log_init(struct fetch_log *log, const struct request *r);

/* Whether fetches are told. To be asked before fetch_log_fetch: a fetch that is not told costs no more than that. */
static inline bool fetch_log_tells_fetches(void) {
    return log_is_on(LOG_LEVEL_DEBUG);
}

/* What came of one. Any thread, without a lock held. */
void fetch_log_fetch(const struct fetch_log *log, const char *url, size_t index, const struct fetch_result *result);

/* How a batch ended. */
struct fetch_log_end {
    size_t urls;
    size_t counts[ANSWER_OUTCOME_COUNT];
    int64_t body_bytes;         /* decoded, of all responses */
    int64_t elapsed_us;         /* since the pool took it */
    enum fetch_error cut_short; /* why what was left of it was not fetched, or FETCH_OK: all was */
    bool unattended;            /* its client did not wait for the answer */
};

/* The same. */
void fetch_log_batch(const struct fetch_log *log, const struct fetch_log_end *end);

#endif
