/* Which headers a caller may have sent with a fetch. */
#ifndef FETCHPOOL_API_FETCH_HEADERS_H
#define FETCHPOOL_API_FETCH_HEADERS_H

#include "api/fetch_options.h"

struct cJSON;

/* In one request, values of a name counted one by one. */
enum { FETCH_HEADERS_MAX = 200 };

/* NULL when the header may be sent, else why not; static. `value` is NULL when it is not a string. Names are tokens and
 * values have no control characters (RFC 9110, section 5); what frames the message, belongs to the connection or names
 * the host is not the caller's to set. */
const char *fetch_headers_check(const char *name, const char *value);

/* Copies the headers, an object of name to value or to a list of values, into the arena of the target's batch. Those
 * that may not be sent add to the problem. */
void fetch_headers_read(const struct fetch_options_target *target, const struct cJSON *value, const char *pointer);

#endif
