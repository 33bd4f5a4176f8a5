#include "pool/coding.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_BITS = MAX_WBITS + 16, ZLIB_BITS = MAX_WBITS, RAW_BITS = -MAX_WBITS };

struct inflater {
    z_stream zlib;
    bool has_begun;
    bool has_ended;
    unsigned char first[2]; /* of a deflate body, until it is known what it is */
    size_t first_bytes;
};

static void *open_stream(int64_t max_bytes) {
    (void)max_bytes; /* it goes by its window */
    return calloc(1, sizeof(struct inflater));
}

static void close_stream(void *stream) {
    struct inflater *s = stream;
    if (s->has_begun)
        (void)inflateEnd(&s->zlib); /* fails for a stream in disorder only */
    free(s);
}

static bool is_whole(const void *stream) {
    const struct inflater *s = stream;
    return s->has_ended;
}

static enum err begin(struct inflater *s, int window_bits) {
    if (inflateInit2(&s->zlib, window_bits) != Z_OK)
        return ERR_NOMEM;
    s->has_begun = true;
    return ERR_NONE;
}

static enum err step(struct inflater *s, struct coding_io *io) {
    assert(io->in_bytes <= UINT_MAX && io->out_bytes <= UINT_MAX);
    s->zlib.next_in = (unsigned char *)io->in; /* zlib's header has no const by default */
    s->zlib.avail_in = (unsigned)io->in_bytes;
    s->zlib.next_out = io->out;
    s->zlib.avail_out = (unsigned)io->out_bytes;
    int code = inflate(&s->zlib, Z_NO_FLUSH);
    io->in = s->zlib.next_in;
    io->in_bytes = s->zlib.avail_in;
    io->out = s->zlib.next_out;
    io->out_bytes = s->zlib.avail_out;
    s->has_ended = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) /* the last: there is nothing to do */
        return ERR_NONE;
    return code == Z_MEM_ERROR ? ERR_NOMEM : ERR_INVALID;
}

static enum err run_gzip(void *stream, struct coding_io *io) {
    struct inflater *s = stream;
    enum err err = s->has_begun ? ERR_NONE : begin(s, GZIP_BITS);
    while (!err && !(s->has_ended && io->in_bytes == 0)) {
        if (s->has_ended)
            (void)inflateReset(&s->zlib); /* the next member; fails for a stream in disorder only */
        err = step(s, io);
        if (!s->has_ended)
            break;
    }
    return err;
}

/* RFC 1950, section 2.2: method 8, a window of 32 KiB at most, a check. A deflate stream begins like that only with a
 * stored block whose padding is not zero, which nobody writes. */
static bool has_zlib_header(const unsigned char first[2]) {
    return (first[0] & 15) == 8 && first[0] >> 4 <= 7 && (first[0] * 256 + first[1]) % 31 == 0;
}

/* The shortest stream has two bytes. */
static enum err begin_deflate(struct inflater *s, struct coding_io *io) {
    while (s->first_bytes < sizeof s->first && io->in_bytes > 0) {
        s->first[s->first_bytes++] = *io->in++;
        io->in_bytes--;
    }
    if (s->first_bytes < sizeof s->first)
        return ERR_NONE;
    struct coding_io first = {s->first, sizeof s->first, io->out, io->out_bytes};
    enum err err = begin(s, has_zlib_header(s->first) ? ZLIB_BITS : RAW_BITS);
    if (!err)
        err = step(s, &first);
    io->out = first.out;
    io->out_bytes = first.out_bytes;
    return err || first.in_bytes == 0 ? err : ERR_INVALID;
}

static enum err run_deflate(void *stream, struct coding_io *io) {
    struct inflater *s = stream;
    enum err err = s->has_begun ? ERR_NONE : begin_deflate(s, io);
    if (!err && s->has_begun && !s->has_ended)
        err = step(s, io);
    return err || io->in_bytes == 0 || !s->has_ended ? err : ERR_INVALID;
}

const struct coding coding_gzip = {open_stream, run_gzip, is_whole, close_stream};
const struct coding coding_deflate = {open_stream, run_deflate, is_whole, close_stream};
