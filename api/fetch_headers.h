/* Which headers a caller may have sent with a fetch. */
#ifndef FETCHPOOL_API_FETCH_HEADERS_H
#define FETCHPOOL_API_FETCH_HEADERS_H

/* NULL when the header may be sent, else why not; static. `value` is NULL when it is not a string. Names are tokens and
 * values have no control characters (RFC 9110, section 5); what frames the message, belongs to the connection or names
 * the host is not the caller's to set. */
const char *fetch_headers_check(const char *name, const char *value);

#endif
