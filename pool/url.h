/* URLs: what may be fetched, the origin a connection belongs to, and where a redirect leads.
 *
 * The check is stricter than RFC 3986 and than libcurl, so that no two parsers can read one text as two hosts: a scheme
 * with "://", a host of ASCII letters, digits, dots, hyphens and underscores, an IPv4 address in its canonical form or
 * an IPv6 address in any, user information only where it is asked for, no blank or control byte anywhere. */
#ifndef FETCHPOOL_POOL_URL_H
#define FETCHPOOL_POOL_URL_H

#include "base/err.h"
#include "pool/fetch_error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    URL_MAX_BYTES = 64 * 1024,
    URL_HOST_MAX_BYTES = 253, /* RFC 1035, section 2.3.4 */
    URL_ORIGIN_BYTES = 8 + URL_HOST_MAX_BYTES + 2 + 6 + 1,
};

/* Scheme, host and port (RFC 6454) as lower-case text with the port always given, "https://example.com:443". An IPv6
 * address is written in one way, however the URL spells it. */
struct url_origin {
    char text[URL_ORIGIN_BYTES];
    bool is_tls;
    size_t host_start; /* of the host in `text`, without brackets */
    size_t host_len;
};

/* The length of the host's name: without a dot at its end, which makes no other host of it. */
size_t url_host_name_len(const struct url_origin *origin);

/* FETCH_OK and the origin, or FETCH_INVALID_URL or FETCH_UNSUPPORTED_SCHEME and a reason for people (static). */
enum fetch_error url_check(const char *url, struct url_origin *ret_origin, const char **ret_reason);

/* User information, "user:password", where it stands in the URL; none: `len` is 0. */
struct url_user {
    const char *text;
    size_t len;
};

/* The same, but the URL may have user information, of the characters that RFC 3986, section 3.2.1, lets it have. What
 * is escaped in it must be no control character. */
enum fetch_error url_check_with_user(const char *url, struct url_origin *ret_origin, struct url_user *ret_user,
                                     const char **ret_reason);

/* A host by itself, an IPv6 address with or without brackets: FETCH_OK and how it is compared, as in an origin, without
 * brackets and without a dot at the end, which makes no other host of it. Or FETCH_INVALID_URL and a reason. */
enum fetch_error url_check_host(const char *text, char ret_host[URL_HOST_MAX_BYTES + 1], const char **ret_reason);

/* The absolute URL that `location`, as a Location header gives it, means seen from `base` (RFC 3986, section 5). The
 * caller frees it with free(). ERR_INVALID: it means none, or its host is one that url_check would refuse. ERR_NOMEM.
 */
enum err url_join(const char *base, const char *location, char **ret_url) ERR_MUST_CHECK;

/* A URL that was checked, as libcurl asks for it: dots in the path resolved. The caller frees it with free().
 * ERR_INVALID: libcurl takes no such URL. ERR_NOMEM. */
enum err url_resolve(const char *url, char **ret_url) ERR_MUST_CHECK;

#endif
