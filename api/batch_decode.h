/* The body of POST /fetch, decoded into a batch: a JSON array or object, a JSON value per line, or a URL per line. */
#ifndef FETCHPOOL_API_BATCH_DECODE_H
#define FETCHPOOL_API_BATCH_DECODE_H

#include "api/fetch_options.h"
#include "api/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum batch_format { BATCH_FORMAT_JSON, BATCH_FORMAT_JSON_LINES, BATCH_FORMAT_TEXT };

/* The format that a Content-Type stands for. False: none, and a 415 in `ret_problem`. `type` may be NULL. */
bool batch_decode_format(const char *type, enum batch_format *ret_format, struct problem *ret_problem);

/* Fills the target's batch, which has its default options already. `text[len]` is a NUL. On a fault the target's
 * problem is set, with a 400, 413, 422 or 503, and the batch must not be used. Everything is copied: the text may be
 * freed afterwards. */
void batch_decode(enum batch_format format, const char *text, size_t len, const struct fetch_options_target *target);

#endif
