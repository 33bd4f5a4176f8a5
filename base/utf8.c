#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_continuation(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/* The second byte's lower and upper bound carry all the exceptions (RFC 3629, section 4). */
static bool second_is_valid(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_continuation(second);
    }
}

static size_t sequence_length(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    if (first >= 0xF0 && first <= 0xF4)
        return 4;
    return 0;
}

size_t utf8_mark(const char *text, size_t len) {
    return len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

size_t utf8_sequence(const char *text, size_t len) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t n = sequence_length(bytes[0]);
    if (n <= 1)
        return n;
    if (n > len || !second_is_valid(bytes[0], bytes[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if (!is_continuation(bytes[i]))
            return 0;
    return n;
}

bool utf8_is_valid(const char *text, size_t len) {
    while (len > 0) {
        size_t n = utf8_sequence(text, len);
        if (n == 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}
