/* A byte buffer that grows up to a maximum given when it is made.
 *
 * Everything that a peer can make the process hold goes through one of these, so that each has its limit. An append
 * past the maximum fails with ERR_LIMIT and changes nothing. Not thread-safe. */
#ifndef FETCHPOOL_BASE_BUF_H
#define FETCHPOOL_BASE_BUF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Embedded by value; `data` and `len` may be read, the rest is private. `data` is NULL while nothing was appended. */
struct buf {
    char *data;
    size_t len;
    size_t capacity;
    size_t max_bytes;
};

/* Allocates nothing. */
void buf_init(struct buf *b, size_t max_bytes);

/* Frees the content; the buffer is empty again and keeps its maximum. */
void buf_fini(struct buf *b);

/* Forgets the content but keeps the memory for reuse. */
void buf_clear(struct buf *b);

/* Makes room for `more` bytes at least. ERR_LIMIT, ERR_NOMEM. */
enum err buf_reserve(struct buf *b, size_t more) ERR_MUST_CHECK;

/* Each appends all or nothing. ERR_LIMIT, ERR_NOMEM. */
enum err buf_append(struct buf *b, const void *bytes, size_t n) ERR_MUST_CHECK;
enum err buf_append_text(struct buf *b, const char *text) ERR_MUST_CHECK;
enum err buf_append_char(struct buf *b, char c) ERR_MUST_CHECK;
enum err buf_printf(struct buf *b, const char *format, ...) ERR_MUST_CHECK __attribute__((format(printf, 2, 3)));

/* Ends the content with a NUL that is not counted in `len`. ERR_LIMIT, ERR_NOMEM. */
enum err buf_terminate(struct buf *b) ERR_MUST_CHECK;

/* Gives the content out: the caller owns it and calls free(). The buffer is empty again. NULL when it was empty. */
char *buf_take(struct buf *b, size_t *ret_len);

#endif
