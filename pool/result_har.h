/* A result as entries of an HTTP Archive (HAR 1.2): one for each request of the fetch, its redirects included, as
 * browsers record them. */
#ifndef FETCHPOOL_POOL_RESULT_HAR_H
#define FETCHPOOL_POOL_RESULT_HAR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/version.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

#include <stddef.h>

/* What stands before the first result, between two, and behind the last. */
#define RESULT_HAR_TYPE "application/har+json"
#define RESULT_HAR_HEAD                                                                                                \
    "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"fetchpool\",\"version\":\"" FETCHPOOL_VERSION               \
    "\"},\"entries\":["
#define RESULT_HAR_BETWEEN ",\n"
#define RESULT_HAR_TAIL "]}}\n"

/* An entry of a result for which memory did not suffice, up to its own members. */
#define RESULT_HAR_LOST                                                                                                \
    "{\"startedDateTime\":\"1970-01-01T00:00:00.000Z\",\"time\":0,\"request\":{\"method\":\"GET\","                    \
    "\"url\":\"about:invalid\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],\"queryString\":[],"                 \
    "\"headersSize\":-1,\"bodySize\":-1},\"response\":{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\","         \
    "\"cookies\":[],\"headers\":[],\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"},\"redirectURL\":\"\","          \
    "\"headersSize\":-1,\"bodySize\":-1,\"_error\":\"out of memory\"},\"cache\":{},"                                   \
    "\"timings\":{\"send\":0,\"wait\":0,\"receive\":0},"

/* Appends the entries of a result that was fetched with `options` and keeps_hops; one at least. The last one tells the
 * result: when none came its response has status 0 and `_error`, and its `_result` is what result_json makes of it,
 * with `index`, but for headers and body, which have their places. Without `include` of headers, Authorization and
 * cookies are left out, and without that of the body, the bodies. A request that was never sent is one of a URL that
 * begins with "about:invalid#" when what was asked for is none. ERR_LIMIT, ERR_NOMEM: what was appended is not whole.
 */
enum err result_har(struct buf *out, const struct fetch_item *item, size_t index, const struct fetch_options *options,
                    const struct fetch_result *result) ERR_MUST_CHECK;

#endif
