/* A result as the JSON object that callers get. */
#ifndef FETCHPOOL_POOL_RESULT_JSON_H
#define FETCHPOOL_POOL_RESULT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

/* Appends the object: `url`, `status`, `size`, `elapsed`, or `url`, `status`, `error`, `error_code`, `elapsed`; then
 * the item's `id` and what `include` (enum fetch_include) asks for. ERR_LIMIT, ERR_NOMEM: what was appended is not
 * whole. */
enum err result_json(struct buf *out, const struct fetch_item *item, unsigned include,
                     const struct fetch_result *result) ERR_MUST_CHECK;

#endif
