/* A content coding as a stream of bytes: the shape that each compression library is brought into. Used by pool/decode.c
 * and by the files that have the codings. */
#ifndef FETCHPOOL_POOL_CODING_H
#define FETCHPOOL_POOL_CODING_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a step may read and where it may write; both move on with it. */
struct coding_io {
    const unsigned char *in;
    size_t in_bytes;
    unsigned char *out;
    size_t out_bytes;
};

struct coding {
    /* A stream at its beginning, for `close`. It need not be able to give more than `max_bytes`. NULL: no memory. */
    void *(*open)(int64_t max_bytes);
    /* Goes on until all input is read and what comes of it is written, or the output is full; then it is called again,
     * perhaps without input. ERR_INVALID: this is not the coding, or goes on behind its end; ERR_NOMEM. */
    enum err (*run)(void *stream, struct coding_io *io);
    /* Whether the stream is at an end, where nothing is missing. */
    bool (*is_whole)(const void *stream);
    void (*close)(void *stream);
};

/* RFC 1952, any number of members. 40 KiB. */
extern const struct coding coding_gzip;

/* RFC 1950, and without its header, RFC 1951, as many servers send it and browsers take it. 40 KiB. */
extern const struct coding coding_deflate;

/* RFC 7932, without large windows. Up to twice what the body may become, 16 MiB at most, and 4 MiB of tables at worst.
 * It tells ERR_LIMIT. */
extern const struct coding coding_brotli;

/* RFC 8878, any number of frames, with windows of 8 MiB at most: RFC 9659. As much as the body becomes, and half a MiB.
 */
extern const struct coding coding_zstd;

#endif
