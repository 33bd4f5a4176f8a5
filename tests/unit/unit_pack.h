/* Packs bytes with each content coding, for what unpacks them. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_PACK_H
#define FETCHPOOL_TESTS_UNIT_UNIT_PACK_H

#include "base/buf.h"

#include <stddef.h>

enum unit_pack { UNIT_PACK_GZIP, UNIT_PACK_ZLIB, UNIT_PACK_RAW, UNIT_PACK_BROTLI, UNIT_PACK_ZSTD, UNIT_PACKS };

/* The name in Content-Encoding. */
const char *unit_pack_name(enum unit_pack how);

/* Each appends to `out`. Zstandard has its checksum. */
void unit_pack(enum unit_pack how, const char *bytes, size_t n, struct buf *out);
void unit_pack_zstd_window(int window_bits, const char *bytes, size_t n, struct buf *out);
void unit_pack_brotli_window(unsigned window_bits, const char *bytes, size_t n, struct buf *out);

#endif
