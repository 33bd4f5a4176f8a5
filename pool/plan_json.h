/* A plan as the JSON object that callers get. */
#ifndef FETCHPOOL_POOL_PLAN_JSON_H
#define FETCHPOOL_POOL_PLAN_JSON_H

#include "base/json.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

#include <stddef.h>

/* The object of a result that has a plan; `index` as in result_json. */
void plan_json_put(struct json *j, const struct fetch_item *item, size_t index, const struct fetch_result *result);

#endif
