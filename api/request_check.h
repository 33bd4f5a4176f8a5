/* Whether a request can be trusted to end where it seems to.
 *
 * libmicrohttpd 0.9.75 takes Content-Length beside Transfer-Encoding, doubled framing headers, folded lines and more:
 * what two programs in a row read differently is how a second request is smuggled in. Such requests are refused, and
 * the connection closed, before anything behind them is looked at.
 */
#ifndef FETCHPOOL_API_REQUEST_CHECK_H
#define FETCHPOOL_API_REQUEST_CHECK_H

#include "api/problem.h"
#include "api/request.h"

#include <stdbool.h>

/* What is wrong with the target of a request line, as it came, or NULL; static. It must be a path, with or without a
 * query: RFC 9112, section 3.2.1; NULL stands for none. */
const char *request_check_target(const char *target);

/* False: the header is not sound, and a 400, 417, 501 or 505 is set. `ret_chunked`: the body comes in chunks.
 * libmicrohttpd takes a bare LF between these, so what follows such a body may be read differently by another program:
 * the connection is to be closed. RFC 9112, sections 3, 5 and 6.3. */
bool request_check(const struct request *r, bool *ret_chunked, struct problem *ret_problem);

/* The same for the trailers of a chunked body: a 400. RFC 9110, section 6.5. */
bool request_check_trailers(const struct request *r, struct problem *ret_problem);

#endif
