/* JSON of callers, checked strictly and then parsed by cJSON. */
#ifndef FETCHPOOL_API_JSON_PARSE_H
#define FETCHPOOL_API_JSON_PARSE_H

#include "api/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* Whether json_scan accepts the text, of at most `max_values` values; else a 400 or 413 in `problem`. `text` is the
 * part of the body that begins at byte `offset`, for messages. */
bool json_parse_check(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem);

/* The tree of a text that was checked, or of a value in one, which the caller frees with cJSON_Delete; no object in it
 * has a name twice. It takes some 80 bytes for each value beside the texts. NULL: a 503 in `problem`. */
struct cJSON *json_parse_tree(const char *text, size_t len, struct problem *problem);

/* Both, one after the other. */
struct cJSON *json_parse(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem);

#endif
