/* Why a request is refused, as RFC 9457 has it (application/problem+json). */
#ifndef FETCHPOOL_API_PROBLEM_H
#define FETCHPOOL_API_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

enum {
    PROBLEM_MAX_ERRORS = 10,
    PROBLEM_POINTER_BYTES = 128,
    PROBLEM_DETAIL_BYTES = 256,
    PROBLEM_ALLOW_BYTES = 64,
    PROBLEM_AUTHENTICATE_BYTES = 96
};

/* What refusals are counted by: a closed list. */
enum problem_reason {
    PROBLEM_BY_STATUS, /* what the status says */
    PROBLEM_MALFORMED,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_FORBIDDEN,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD,
    PROBLEM_NOT_ACCEPTABLE,
    PROBLEM_TOO_LARGE,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_EXPECTATION,
    PROBLEM_HOST,
    PROBLEM_INVALID,
    PROBLEM_QUOTA,
    PROBLEM_NOT_IMPLEMENTED,
    PROBLEM_VERSION,
    PROBLEM_MEMORY,      /* it ran out, or what requests may take of it is taken */
    PROBLEM_CONNECTIONS, /* too many, of all or of one address */
    PROBLEM_QUEUE_FULL,
    PROBLEM_DRAINING,
    PROBLEM_OTHER,
    PROBLEM_NO_REFUSAL, /* it is the answer that was asked for */
    PROBLEM_REASON_COUNT,
};

/* One place in the request that is wrong. */
struct problem_error {
    char pointer[PROBLEM_POINTER_BYTES]; /* JSON Pointer (RFC 6901) into the body, or "?name" for a query parameter */
    char detail[PROBLEM_DETAIL_BYTES];
};

/* status 0: there is no problem. */
struct problem {
    int status;
    enum problem_reason reason;
    char detail[PROBLEM_DETAIL_BYTES];
    int retry_after_s;                             /* 0: no Retry-After header */
    char allow[PROBLEM_ALLOW_BYTES];               /* empty: no Allow header */
    char authenticate[PROBLEM_AUTHENTICATE_BYTES]; /* empty: no WWW-Authenticate header */
    size_t error_count;                            /* of all that were found; only the first are kept */
    struct problem_error errors[PROBLEM_MAX_ERRORS];
};

/* Refuses with a sentence for people. A problem that is set already stays. A 503 asks to come back after a second,
 * unless it says otherwise. */
void problem_set(struct problem *p, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds one place to a 422. */
void problem_add(struct problem *p, const char *pointer, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds a name that means nothing here, in the object that `prefix` points at. */
void problem_add_unknown(struct problem *p, const char *prefix, const char *name);

/* The pointer to the field `name` of the object that `prefix` points at; cut when it is too long. RFC 6901, section 3.
 */
void problem_pointer(char ret_pointer[PROBLEM_POINTER_BYTES], const char *prefix, const char *name);

/* The reason phrase of a status, "Not Found"; static. */
const char *problem_title(int status);

/* Why it is refused, PROBLEM_BY_STATUS resolved. */
enum problem_reason problem_reason(const struct problem *p);

/* The name that a reason is counted under, "queue_full"; static, "" for those that are not counted. */
const char *problem_reason_name(enum problem_reason reason);

/* The document. ERR_NOMEM, ERR_LIMIT. */
enum err problem_json(const struct problem *p, struct buf *out) ERR_MUST_CHECK;

#endif
