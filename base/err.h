/* Errors that functions return.
 *
 * One closed list for the whole program: a function that can fail returns one of these, 0 is success, and NULL is kept
 * for "not found". What went wrong in a transfer is not here but in pool/fetch_error.h, because callers of the API see
 * it. */
#ifndef FETCHPOOL_BASE_ERR_H
#define FETCHPOOL_BASE_ERR_H

enum err {
    ERR_NONE = 0,
    ERR_NOMEM,   /* memory ran out */
    ERR_INVALID, /* input is not what it has to be */
    ERR_LIMIT,   /* input is larger than its limit */
    ERR_FULL,    /* no room for more work now; later there may be */
    ERR_CLOSED,  /* draining or stopped: takes no more work */
    ERR_THREAD,  /* a thread could not be started */
    ERR_IO,      /* the system refused; errno tells why */
    ERR_LIBRARY, /* a library refused what should have worked */
};

#define ERR_MUST_CHECK __attribute__((warn_unused_result))

/* Says that an error does not matter here; the reason stands beside the call. */
static inline void err_ignore(enum err err) {
    (void)err;
}

/* A short English phrase for logs and messages; static, never NULL. */
const char *err_text(enum err err);

#endif
