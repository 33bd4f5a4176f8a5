/* Responses. Each function is called once for a request, in the front-end thread, not while it is suspended. When
 * memory runs out the connection is closed without an answer. */
#ifndef FETCHPOOL_API_RESPOND_H
#define FETCHPOOL_API_RESPOND_H

#include "api/problem.h"
#include "api/request.h"
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Takes the content out of `body`. */
void respond_json(struct request *r, int status, struct buf *body);

/* The same with 200 and another type, borrowed during the call. Head and body are sent in one piece. */
void respond_whole(struct request *r, const char *media_type, struct buf *body);

/* A text that stays as it is while the process lives. */
struct respond_document {
    const char *media_type;
    const char *tag; /* an entity tag of this text and no other, in its quotes */
    const char *text;
    size_t len;
};

/* 200 with the document, which is not copied and whose owner never frees it; it may be kept, but has to be asked for
 * again. 304 for who has it. RFC 9110, section 13.1.2. */
void respond_document(struct request *r, const struct respond_document *document);

/* Leave for a page of r->allowed_origin to ask: 204, Fetch standard, section 3.2.3. */
void respond_preflight(struct request *r);

/* application/problem+json with Allow, WWW-Authenticate and Retry-After as the problem says. */
void respond_problem(struct request *r, const struct problem *p);

/* Copies up to `size` bytes of the body to `ret_bytes`: their number, 0 after having suspended the request with
 * request_suspend because there are none now, or one of these. In the front-end thread. */
enum { RESPOND_READ_END = -1, RESPOND_READ_BROKEN = -2 };
typedef ssize_t respond_read_fn(void *call, char *ret_bytes, size_t size);

#define RESPOND_LENGTH_UNKNOWN UINT64_MAX

/* A body that is read piece by piece. */
struct respond_stream {
    const char *media_type;
    uint64_t length; /* in bytes; RESPOND_LENGTH_UNKNOWN: it is sent in chunks as it comes */
    respond_read_fn *read;
    void *call; /* of `read` */
};

/* 200 with this body; `call` is borrowed until the request closes. */
void respond_stream(struct request *r, const struct respond_stream *body);

#endif
