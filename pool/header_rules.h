/* Which headers a caller may have sent with a fetch. */
#ifndef FETCHPOOL_POOL_HEADER_RULES_H
#define FETCHPOOL_POOL_HEADER_RULES_H

/* In one request, values of a name counted one by one. */
enum { HEADER_RULES_MAX = 200 };

/* NULL when the header may be sent, else why not; static. `value` is NULL when it is not a string. Names are tokens and
 * values have no control characters (RFC 9110, section 5); what frames the message, belongs to the connection or names
 * the host is not the caller's to set. */
const char *header_rules_check(const char *name, const char *value);

#endif
