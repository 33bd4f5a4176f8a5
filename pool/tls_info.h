/* What TLS has agreed on for the connection of a transfer. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_TLS_INFO_H
#define FETCHPOOL_POOL_TLS_INFO_H

#include "base/err.h"
#include "pool/fetch_result.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Both while libcurl holds the connection: in a callback between connecting and the end of the transfer, such as
 * CURLOPT_PREREQFUNCTION(3). The connection may be a reused one, its session a resumed one. */

/* Takes the place of what `tls` holds; all zero when there is no TLS. ERR_NOMEM. */
enum err tls_info_read(CURL *easy, struct fetch_tls *tls) ERR_MUST_CHECK;

/* Whether TLS was used, and the server did not choose HTTP/2 in it. RFC 7301. */
bool tls_info_is_without_http2(CURL *easy);

#endif
