#include "pool/coding.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { MAX_WINDOW_BITS = 23 };

struct frames {
    ZSTD_DCtx *zstd;
    bool is_within; /* a frame: there is more to come, read or written */
};

static void close_stream(void *stream) {
    struct frames *s = stream;
    (void)ZSTD_freeDCtx(s->zstd); /* never fails */
    free(s);
}

static void *open_stream(int64_t max_bytes) {
    (void)max_bytes; /* it goes by its window */
    struct frames *s = calloc(1, sizeof *s);
    if (s && (!(s->zstd = ZSTD_createDCtx()) ||
              ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, MAX_WINDOW_BITS)))) {
        close_stream(s);
        return NULL;
    }
    return s;
}

static bool is_whole(const void *stream) {
    const struct frames *s = stream;
    return !s->is_within;
}

/* It stops at the end of each frame. */
static enum err run(void *stream, struct coding_io *io) {
    struct frames *s = stream;
    ZSTD_inBuffer in = {io->in, io->in_bytes, 0};
    ZSTD_outBuffer out = {io->out, io->out_bytes, 0};
    size_t code = 0;
    if (in.size > 0 || s->is_within)
        do {
            code = ZSTD_decompressStream(s->zstd, &out, &in);
            s->is_within = code != 0;
        } while (!ZSTD_isError(code) && in.pos < in.size && out.pos < out.size);
    io->in += in.pos;
    io->in_bytes -= in.pos;
    io->out += out.pos;
    io->out_bytes -= out.pos;
    if (ZSTD_isError(code))
        return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? ERR_NOMEM : ERR_INVALID;
    return ERR_NONE;
}

const struct coding coding_zstd = {open_stream, run, is_whole, close_stream};
