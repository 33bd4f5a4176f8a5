#include "pool/coding.h"

#include <brotli/decode.h>
#include <stdlib.h>

/* Tables of codes, which may be as large as that whatever the body. */
enum { TABLE_BYTES = 5 * 256 * 1024 };

struct body {
    BrotliDecoderState *brotli;
    int64_t max_allocation_bytes;
};

/* The buffer for the window is at most twice as large as what is known to come. libbrotli fills it before it gives any
 * of it out, so this is where a bomb is noticed in time. */
static void *allocate(void *opaque, size_t n) {
    const struct body *s = opaque;
    return (int64_t)n <= s->max_allocation_bytes ? malloc(n) : NULL;
}

static void release(void *opaque, void *memory) {
    (void)opaque;
    free(memory);
}

static void close_stream(void *stream) {
    struct body *s = stream;
    BrotliDecoderDestroyInstance(s->brotli);
    free(s);
}

/* Large windows, of which the standard does not know, would have to be asked for. */
static void *open_stream(int64_t max_bytes) {
    struct body *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->max_allocation_bytes = max_bytes < INT64_MAX / 4 ? 2 * max_bytes + TABLE_BYTES : INT64_MAX;
    s->brotli = BrotliDecoderCreateInstance(allocate, release, s);
    if (s->brotli)
        return s;
    free(s);
    return NULL;
}

static bool is_whole(const void *stream) {
    const struct body *s = stream;
    return BrotliDecoderIsFinished(s->brotli);
}

static enum err failure(BrotliDecoderErrorCode code) {
    if (code == BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1 || code == BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2)
        return ERR_LIMIT;
    bool no_memory =
        code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return no_memory ? ERR_NOMEM : ERR_INVALID;
}

static enum err run(void *stream, struct coding_io *io) {
    struct body *s = stream;
    if (!is_whole(s) && BrotliDecoderDecompressStream(s->brotli, &io->in_bytes, &io->in, &io->out_bytes, &io->out,
                                                      NULL) == BROTLI_DECODER_RESULT_ERROR)
        return failure(BrotliDecoderGetErrorCode(s->brotli));
    return is_whole(s) && io->in_bytes > 0 ? ERR_INVALID : ERR_NONE;
}

const struct coding coding_brotli = {open_stream, run, is_whole, close_stream};
