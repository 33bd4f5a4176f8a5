/* Whether a request may come from a page in somebody's browser.
 *
 * A page elsewhere can make a browser send requests to the loopback or into an internal network, with any body that
 * needs no preflight, and with a name of its own that it lets lead to us (DNS rebinding). So the Host must be an
 * address, localhost, or a name that the settings know; an Origin must be ours or one of the settings'; and what the
 * browser says by Sec-Fetch-Site is believed. Programs that are no browser send none of these but Host.
 * Fetch standard, section 3.2; Fetch Metadata Request Headers; RFC 9110, section 7.2. */
#ifndef FETCHPOOL_API_SITE_CHECK_H
#define FETCHPOOL_API_SITE_CHECK_H

#include "api/problem.h"
#include "api/request.h"
#include "config/settings.h"

#include <stdbool.h>

/* Whether the Host of a request is one of ours; else a 400 or 421 is set. Any will do on a Unix socket, and for a
 * caller who is known by a token: a page that has led a name of its own here has none. */
bool site_check_host(const struct request *r, const struct settings *settings, bool is_known_caller,
                     struct problem *ret_problem);

/* Whether the page that asks, if one does, may; else a 403 is set. `ret_allowed` is the Access-Control-Allow-Origin of
 * the answer, borrowed from the settings, or NULL. */
bool site_check_origin(const struct request *r, const struct settings *settings, const char **ret_allowed,
                       struct problem *ret_problem);

/* Whether it asks for leave to ask: a preflight, Fetch standard, section 3.2.2. */
bool site_check_is_preflight(const struct request *r);

#endif
