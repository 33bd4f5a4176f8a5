/* The headers of a hop, as the list that libcurl takes. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_HOP_HEADERS_H
#define FETCHPOOL_POOL_HOP_HEADERS_H

#include "base/err.h"
#include "pool/fetch.h"

#include <curl/curl.h>
#include <stdbool.h>

/* What decides which headers are sent. */
struct hop_headers {
    const struct fetch_options *options; /* borrowed */
    bool sends_body;
    bool body_left; /* a redirect took the body away, and with it the headers that describe it */
    bool with_caller_headers;
    const char *authorization; /* of the URL, a whole line that goes with the caller's headers, unless these have one;
                                * borrowed; NULL: none */
};

/* The caller frees the list with curl_slist_free_all; it is NULL when nothing is set. ERR_NOMEM. */
enum err hop_headers_build(const struct hop_headers *h, struct curl_slist **ret_list) ERR_MUST_CHECK;

/* For requests that set nothing: User-Agent (unless it is empty) and Accept-Encoding with all that can be decoded, as
 * CURLOPT_USERAGENT and CURLOPT_ACCEPT_ENCODING would make them anew for every request, which is a twentieth of what a
 * fetch costs. The caller frees the list. ERR_NOMEM. */
enum err hop_headers_create_plain(const char *user_agent, struct curl_slist **ret_list) ERR_MUST_CHECK;

#endif
