#include "pool/coding.h"

#include <brotli/decode.h>
#include <stdint.h>

/* Large windows, of which the standard does not know, have to be asked for. */
static void *open_stream(void) {
    return BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static void close_stream(void *stream) {
    BrotliDecoderDestroyInstance(stream);
}

static bool is_whole(const void *stream) {
    return BrotliDecoderIsFinished(stream);
}

static enum err failure(const BrotliDecoderState *stream) {
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(stream);
    bool no_memory =
        code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return no_memory ? ERR_NOMEM : ERR_INVALID;
}

static enum err run(void *stream, struct coding_io *io) {
    if (!is_whole(stream) && BrotliDecoderDecompressStream(stream, &io->in_bytes, &io->in, &io->out_bytes, &io->out,
                                                           NULL) == BROTLI_DECODER_RESULT_ERROR)
        return failure(stream);
    return is_whole(stream) && io->in_bytes > 0 ? ERR_INVALID : ERR_NONE;
}

const struct coding coding_brotli = {open_stream, run, is_whole, close_stream};
