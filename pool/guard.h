/* The address guard: which addresses may be connected to.
 *
 * Judged is the address of the connection that is about to be made, after any name lookup and for every redirect hop,
 * never the text of a URL. Refused are the special-purpose ranges of the IANA registries (RFC 6890 and successors),
 * multicast, and cloud metadata services in public space; of IPv6 only 2000::/3 is let through, less its exceptions. An
 * IPv4 address inside an IPv6 one (::ffff:0:0/96) is judged as IPv4. */
#ifndef FETCHPOOL_POOL_GUARD_H
#define FETCHPOOL_POOL_GUARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct guard;

/* What the operator says beyond the built-in rules: prefixes as text, "10.0.0.0/8", "::1", borrowed during the call. A
 * denied prefix wins over an allowed one, both win over the built-in rules. */
struct guard_rules {
    char *const *allow;
    size_t allow_count;
    char *const *deny;
    size_t deny_count;
};

/* NULL when the text is an address or a prefix, else what it must be; static. Fits settings_load_check. */
const char *guard_check_prefix(const char *text);

/* ERR_INVALID: `*ret_bad` is the prefix that is none, borrowed from the rules. ERR_NOMEM. */
enum err guard_create(const struct guard_rules *rules, struct guard **ret_guard, const char **ret_bad) ERR_MUST_CHECK;

/* Accepts NULL. */
void guard_destroy(struct guard *g);

/* Whether a connection to that address may be made. Families other than IPv4 and IPv6 are refused. Any thread. */
bool guard_allows(const struct guard *g, const struct sockaddr *address, socklen_t len);

#endif
