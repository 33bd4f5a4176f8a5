/* Name servers as the operator writes them: "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353". */
#ifndef FETCHPOOL_POOL_NAME_SERVER_H
#define FETCHPOOL_POOL_NAME_SERVER_H

#include "base/err.h"

#include <stddef.h>

/* NULL when the text is a name server, else what it must be; static. Fits settings_load_check. */
const char *name_server_check(const char *text);

/* Joins name servers to one text, "192.0.2.53:53,[2001:db8::53]:53", which the caller frees with free(). ERR_INVALID:
 * `*ret_bad` is the one that is none, borrowed from the list. ERR_NOMEM. */
enum err name_server_join(char *const *texts, size_t count, char **ret_joined, const char **ret_bad) ERR_MUST_CHECK;

#endif
