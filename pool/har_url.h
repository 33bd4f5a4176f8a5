/* A URL as an HTTP Archive may have it, which wants a URI (RFC 3986) where callers may have sent anything. */
#ifndef FETCHPOOL_POOL_HAR_URL_H
#define FETCHPOOL_POOL_HAR_URL_H

#include "base/buf.h"
#include "base/err.h"

/* Appends what a request for the URL asks for (url_sent_make), and a NUL that counts. What may not stand in a URI is
 * escaped, a percent sign that begins no escape included. What cannot be fetched because it is no such URL
 * follows "about:invalid#", escaped as well. ERR_LIMIT, ERR_NOMEM. */
enum err har_url_append(struct buf *out, const char *url) ERR_MUST_CHECK;

/* The same for where a redirect leads that was not followed because of what it is. */
enum err har_url_append_redirect(struct buf *out, const char *url, const char *location, size_t len) ERR_MUST_CHECK;

#endif
