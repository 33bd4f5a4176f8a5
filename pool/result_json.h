/* A result as the JSON object that callers get. */
#ifndef FETCHPOOL_POOL_RESULT_JSON_H
#define FETCHPOOL_POOL_RESULT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULT_JSON_NO_INDEX SIZE_MAX

/* The two parts of the object, one behind the other: what items that get one result tell differently, and what is the
 * same in all of them. The same errors. */
enum err result_json_head(struct buf *out, const struct fetch_item *item, size_t index,
                          const struct fetch_result *result) ERR_MUST_CHECK;
enum err result_json_rest(struct buf *out, const struct fetch_item *item, unsigned include,
                          const struct fetch_result *result) ERR_MUST_CHECK;

/* Appends the object: `url`, `status`, `size`, `elapsed`, or `url`, `status`, `error`, `error_code`, `elapsed`, with
 * `index` behind the `url` if there is one; then the item's `id` and what `include` (enum fetch_include) asks for.
 * ERR_LIMIT, ERR_NOMEM: what was appended is not whole. */
enum err result_json(struct buf *out, const struct fetch_item *item, size_t index, unsigned include,
                     const struct fetch_result *result) ERR_MUST_CHECK;

/* The same as a value of a larger text. */
void result_json_put(struct json *j, const struct fetch_item *item, size_t index, unsigned include,
                     const struct fetch_result *result);

/* Bytes as a text, and true; or as base64: what is not UTF-8, or is so full of control characters that escaping more
 * than doubles it. */
bool result_json_put_bytes(struct json *j, const char *bytes, size_t len);

#endif
