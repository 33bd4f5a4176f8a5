#include "unit_pack.h"

#include "unit.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

static const struct {
    const char *name;
    int window_bits;
} packs_table[UNIT_PACKS] = {
    [UNIT_PACK_GZIP] = {"gzip", MAX_WBITS + 16},
    [UNIT_PACK_ZLIB] = {"deflate", MAX_WBITS},
    [UNIT_PACK_RAW] = {"deflate", -MAX_WBITS},
    [UNIT_PACK_BROTLI] = {"br", 22},
    [UNIT_PACK_ZSTD] = {"zstd", 20},
};

const char *unit_pack_name(enum unit_pack how) {
    return packs_table[how].name;
}

static char *room(struct buf *out, size_t n) {
    assert_int_equal(buf_reserve(out, n), ERR_NONE);
    return out->data + out->len;
}

void unit_pack_zstd_window(int window_bits, const char *bytes, size_t n, struct buf *out) {
    size_t max = ZSTD_compressBound(n) + 100;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_non_null(context);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_bits);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_inBuffer in = {bytes, n, 0};
    ZSTD_outBuffer packed = {room(out, max), max, 0};
    /* Of a size that is not known at first, or it would choose a smaller window. */
    assert_false(ZSTD_isError(ZSTD_compressStream2(context, &packed, &in, ZSTD_e_flush)));
    assert_int_equal(ZSTD_compressStream2(context, &packed, &in, ZSTD_e_end), 0);
    (void)ZSTD_freeCCtx(context);
    out->len += packed.pos;
}

void unit_pack_brotli_window(unsigned window_bits, const char *bytes, size_t n, struct buf *out) {
    size_t room_bytes = n + n / 8 + 1024;
    size_t left = room_bytes;
    const uint8_t *in = (const uint8_t *)bytes;
    uint8_t *packed = (uint8_t *)room(out, room_bytes);
    BrotliEncoderState *encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    assert_non_null(encoder);
    (void)BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, 3);
    (void)BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LARGE_WINDOW, window_bits > BROTLI_MAX_WINDOW_BITS);
    (void)BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, window_bits);
    assert_true(BrotliEncoderCompressStream(encoder, BROTLI_OPERATION_FINISH, &n, &in, &left, &packed, NULL));
    assert_true(BrotliEncoderIsFinished(encoder));
    BrotliEncoderDestroyInstance(encoder);
    out->len += room_bytes - left;
}

static void pack_zlib(int window_bits, const char *bytes, size_t n, struct buf *out) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t max = deflateBound(&z, n) + 100;
    z.next_in = (unsigned char *)bytes;
    z.avail_in = (unsigned)n;
    z.next_out = (unsigned char *)room(out, max);
    z.avail_out = (unsigned)max;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    (void)deflateEnd(&z);
}

void unit_pack(enum unit_pack how, const char *bytes, size_t n, struct buf *out) {
    if (how == UNIT_PACK_BROTLI)
        unit_pack_brotli_window((unsigned)packs_table[how].window_bits, bytes, n, out);
    else if (how == UNIT_PACK_ZSTD)
        unit_pack_zstd_window(packs_table[how].window_bits, bytes, n, out);
    else
        pack_zlib(packs_table[how].window_bits, bytes, n, out);
}
