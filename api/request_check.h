/* Whether the header of a request can be trusted to say where the request ends.
 *
 * libmicrohttpd 0.9.75 takes Content-Length beside Transfer-Encoding, doubled framing headers and more: what two
 * programs in a row read differently is how a second request is smuggled in. Such requests are refused, and the
 * connection closed, before anything behind them is looked at.
 */
#ifndef FETCHPOOL_API_REQUEST_CHECK_H
#define FETCHPOOL_API_REQUEST_CHECK_H

#include "api/problem.h"
#include "api/request.h"

#include <stdbool.h>

/* `version` is that of the request, "HTTP/1.1". False: the header is not sound, and a 400 or 501 is set. RFC 9112,
 * section 6.3. */
bool request_check(const struct request *r, const char *version, struct problem *ret_problem);

#endif
