/* The bodies that callers have sent with a fetch: as text, or as base64. */
#ifndef FETCHPOOL_API_FETCH_BODY_H
#define FETCHPOOL_API_FETCH_BODY_H

#include "api/fetch_options.h"

#include <stdbool.h>

struct cJSON;

/* Copies the body into the arena of the target's batch; a value that is none, or that stands beside the other kind of
 * body, adds to the problem. What an item says replaces what its batch says, of whichever kind. */
void fetch_body_read(const struct fetch_options_target *target, bool is_base64, const struct cJSON *value,
                     const char *pointer);

#endif
