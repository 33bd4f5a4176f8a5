/* The parts of a message's head as an HTTP Archive has them. */
#ifndef FETCHPOOL_POOL_HAR_HEAD_H
#define FETCHPOOL_POOL_HAR_HEAD_H

#include "base/buf.h"
#include "base/json.h"
#include "pool/head.h"

#include <stdbool.h>

/* Each writes one member of the object that is open. `head` may be empty. */

/* `headers`; without secrets Authorization, Cookie and Set-Cookie are left out. */
void har_head_put_headers(struct json *j, const struct buf *head, bool with_secrets);

/* `cookies`, of Cookie in a request and of Set-Cookie in a response; none without secrets. */
void har_head_put_cookies(struct json *j, const struct buf *head, bool is_request, bool with_secrets);

/* `httpVersion`; "" when there is no head. */
void har_head_put_version(struct json *j, const struct buf *head, bool is_request);

/* `statusText`. */
void har_head_put_reason(struct json *j, const struct buf *head);

/* `queryString` of a URL: as it stands there, nothing unescaped. */
void har_head_put_query(struct json *j, const char *url);

#endif
