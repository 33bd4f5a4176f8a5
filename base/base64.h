/* Base64 as RFC 4648, section 4, has it, read strictly. */
#ifndef FETCHPOOL_BASE_BASE64_H
#define FETCHPOOL_BASE_BASE64_H

#include "base/err.h"

#include <stddef.h>

/* Room that base64_decode needs for a text of `len` bytes. */
static inline size_t base64_room(size_t len) {
    return len / 4 * 3;
}

/* Writes the bytes that the text stands for. ERR_INVALID: it has another character than those of the alphabet, blanks
 * and line ends included, is not padded to a multiple of four, or has bits set that stand for nothing (section 3.5), so
 * that no two texts stand for the same bytes. What was written then means nothing. */
enum err base64_decode(const char *text, size_t len, char *ret_bytes, size_t *ret_len) ERR_MUST_CHECK;

#endif
