/* What a host name was found to mean: addresses, or why there are none. Immutable once made, and shared by reference.
 * Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_NAME_ANSWER_H
#define FETCHPOOL_POOL_NAME_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum name_status {
    NAME_FOUND,
    NAME_BLOCKED,    /* one of its addresses may not be connected to */
    NAME_NOT_FOUND,  /* the name does not exist */
    NAME_NO_ADDRESS, /* it exists, and has no address */
    NAME_MALFORMED,  /* it cannot be asked for: a label that is too long */
    NAME_SILENT,     /* no name server answered */
    NAME_BROKEN,     /* none could be asked, or said that it cannot tell */
    NAME_STATUS_COUNT,
};

enum { NAME_ANSWER_MAX_ADDRESSES = 32 };

/* `refs` is private. */
struct name_answer {
    atomic_uint refs;
    enum name_status status;
    int64_t expires_at_ms; /* monotonic */
    uint64_t serial;       /* not 0, and no two answers of a process have the same */
    uint64_t judged_by;    /* by the rules of that serial; 0 at first, to be set before the answer is shared */
    char addresses[];      /* NAME_FOUND: in the order to try them, "192.0.2.1,[2001:db8::1]"; NAME_BLOCKED: the one
                            * that is refused, "10.0.0.1"; else empty */
};

/* The caller owns the one reference. ERR_NOMEM. Any thread. */
enum err name_answer_create(enum name_status status, const char *addresses, int64_t expires_at_ms,
                            struct name_answer **ret_answer) ERR_MUST_CHECK;

/* Any thread. */
struct name_answer *name_answer_ref(struct name_answer *a);

/* Frees the answer with its last reference. Accepts NULL. Any thread. */
void name_answer_unref(struct name_answer *a);

/* Adds an address to the text of an answer. Families other than IPv4 and IPv6 are left out. ERR_NOMEM, ERR_LIMIT. */
enum err name_answer_add_address(struct buf *addresses, const struct sockaddr *address) ERR_MUST_CHECK;

/* Why there are no addresses, for people: "it does not exist". Static. */
const char *name_answer_reason(enum name_status status);

#endif
