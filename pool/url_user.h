/* User information of a URL made into what it means: the URL without it, and a header. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_URL_USER_H
#define FETCHPOOL_POOL_URL_USER_H

#include "base/err.h"
#include "pool/url.h"

/* The URL without the user information that url_check_with_user found in it, and "Authorization: Basic ..." (RFC 7617)
 * with what it says. The caller frees both. ERR_NOMEM. */
enum err url_user_take(const char *url, const struct url_user *user, char **ret_url,
                       char **ret_authorization) ERR_MUST_CHECK;

#endif
