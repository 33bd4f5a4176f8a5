/* The headers that a request wants sent with its fetches, read from JSON. */
#ifndef FETCHPOOL_API_FETCH_HEADERS_H
#define FETCHPOOL_API_FETCH_HEADERS_H

#include "api/fetch_options.h"

struct cJSON;

/* Copies the headers, an object of name to value or to a list of values, into the arena of the target's batch. Those
 * that may not be sent add to the problem. */
void fetch_headers_read(const struct fetch_options_target *target, const struct cJSON *value, const char *pointer);

#endif
