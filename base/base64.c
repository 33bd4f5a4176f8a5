#include "base/base64.h"

#include <stdint.h>

/* 64: no digit. */
static uint32_t digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four characters, of which the last `padding` are "=". */
static enum err decode_group(const char *text, size_t padding, char *ret_bytes) {
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i < 4 - padding ? digit(text[i]) : 0;
        if (value == 64)
            return ERR_INVALID;
        group = group << 6 | value;
    }
    if (padding > 0 && group & ((1U << 8 * padding) - 1))
        return ERR_INVALID;
    for (size_t i = 0; i < 3 - padding; i++)
        ret_bytes[i] = (char)(group >> (16 - 8 * i) & 0xFF);
    return ERR_NONE;
}

enum err base64_decode(const char *text, size_t len, char *ret_bytes, size_t *ret_len) {
    size_t padding = 0;
    if (len % 4 != 0)
        return ERR_INVALID;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < len && !err; i += 4)
        err = decode_group(text + i, i + 4 == len ? padding : 0, ret_bytes + i / 4 * 3);
    if (!err)
        *ret_len = base64_room(len) - padding;
    return err;
}
