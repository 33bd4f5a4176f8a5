/* Takes the content codings of a response's body off, as it comes in: gzip, deflate, br and zstd. RFC 9110,
 * section 8.4.
 *
 * A body is whole only when each of its codings says so: one that is cut short, garbled or goes on behind its end is
 * ERR_INVALID. What a coding may read is limited, so that neither a bomb within a bomb nor a body that becomes nothing
 * costs more than one that is merely large. Not thread-safe. */
#ifndef FETCHPOOL_POOL_DECODE_H
#define FETCHPOOL_POOL_DECODE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* What Accept-Encoding offers. */
#define DECODE_ACCEPTED "deflate, gzip, br, zstd"

/* Nobody sends more on purpose. */
enum { DECODE_MAX_CODINGS = 2 };

struct coding;

/* The codings that a response names, in the order in which they were applied. All zero: none. `count` and `err` may be
 * read. */
struct decode_codings {
    const struct coding *applied[DECODE_MAX_CODINGS];
    size_t count;
    enum err err; /* ERR_INVALID: one that is not known; ERR_LIMIT: too many of them */
};

/* Adds those of one Content-Encoding field, "gzip, br"; `identity` is none. */
void decode_codings_add(struct decode_codings *codings, const char *value, size_t len);

/* Takes what was decoded. An error ends the decoding and is what decode_write returns. */
typedef enum err decode_sink(void *arg, const char *bytes, size_t n);

struct decode_options {
    const struct decode_codings *codings; /* borrowed for decode_create */
    int64_t max_read_bytes;               /* for each coding */
    int64_t max_size_bytes;               /* of what comes of them all; it is the sink that counts, exactly */
    decode_sink *sink;
    void *arg;
};

struct decode;

/* Some 17 KiB for each coding, and what the coding needs: coding.h. ERR_NOMEM, or the codings' `err`. */
enum err decode_create(const struct decode_options *options, struct decode **ret_decode) ERR_MUST_CHECK;

/* Accepts NULL. */
void decode_destroy(struct decode *d);

/* Hands what comes of the bytes to the sink, in pieces. After an error there is only decode_destroy. ERR_INVALID: this
 * is not what the codings say; ERR_LIMIT: a coding has read too much, or too much would come of it; ERR_NOMEM; those of
 * the sink. */
enum err decode_write(struct decode *d, const char *bytes, size_t n) ERR_MUST_CHECK;

/* The body has ended. ERR_INVALID: it is not whole. Nothing at all is whole. */
enum err decode_end(const struct decode *d) ERR_MUST_CHECK;

#endif
