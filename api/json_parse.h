/* JSON of callers, checked strictly and then parsed by cJSON. */
#ifndef FETCHPOOL_API_JSON_PARSE_H
#define FETCHPOOL_API_JSON_PARSE_H

#include "api/problem.h"

#include <stddef.h>

struct cJSON;

/* The tree, which the caller frees with cJSON_Delete; no object in it has a name twice. `text` is the part of the body
 * that begins at byte `offset`, for messages. NULL: a 400, 413 (more than `max_values` values) or 503 in `problem`. */
struct cJSON *json_parse(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem);

#endif
