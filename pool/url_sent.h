/* What becomes of a URL when it is asked for. Used inside pool/ only.
 *
 * A URL that was checked may have bytes beyond ASCII behind its host, which no request line has (RFC 9112,
 * section 3.2). They are escaped before libcurl has it, as they are where a redirect leads (url_join): libcurl would do
 * so in the path and not in the query. What is ASCII is sent as it stands. */
#ifndef FETCHPOOL_POOL_URL_SENT_H
#define FETCHPOOL_POOL_URL_SENT_H

#include "base/err.h"
#include "pool/url.h"

/* What libcurl is given of `url`, which url_check_with_user took: without user information, which becomes a line as
 * url_user_take makes it, and in ASCII. NULL for either: the URL as it is, no line. The caller frees both. ERR_NOMEM.
 */
enum err url_sent_prepare(const char *url, const struct url_user *user, char **ret_url,
                          char **ret_authorization) ERR_MUST_CHECK;

/* What is asked for, as a URL: that, with the dots in the path resolved as libcurl does it, and no fragment. The caller
 * frees it. ERR_INVALID: libcurl takes no such URL. ERR_NOMEM. */
enum err url_sent_make(const char *url, const struct url_user *user, char **ret_url) ERR_MUST_CHECK;

/* What stands in the request line: the path and the query of a URL that url_sent_prepare has made. NULL: it has no
 * query, and libcurl is left to it. One with a query is told it, because libcurl 7.88 goes on without the query when it
 * has no memory for a copy, and that is another request. The caller frees it. ERR_INVALID: libcurl takes no such URL.
 * ERR_NOMEM. */
enum err url_sent_target(const char *url, char **ret_target) ERR_MUST_CHECK;

#endif
