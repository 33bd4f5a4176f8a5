#include "base/json_names.h"

#include "base/hash.h"

#include <ctype.h>
#include <string.h>

static unsigned hex4(const char *digits) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        code = code * 16 + (unsigned)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
}

/* RFC 3629. */
static size_t put_utf8(unsigned code, char *out) {
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[n == 1 ? 0 : n] | code);
    return n;
}

/* `*at` stands behind "\u". */
static size_t put_unicode(const char **at, char *out) {
    unsigned code = hex4(*at);
    *at += 4;
    if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(*at + 2) - 0xDC00);
        *at += 6;
    }
    return put_utf8(code, out);
}

/* An escape is never shorter than what it stands for. */
size_t json_names_decode(const char *raw, size_t len, char *out) {
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *end = raw + len;
    size_t n = 0;
    while (raw < end) {
        if (*raw != '\\') {
            out[n++] = *raw++;
        } else if (raw[1] == 'u') {
            raw += 2;
            n += put_unicode(&raw, out + n);
        } else {
            out[n++] = meant[strchr(escapes, raw[1]) - escapes];
            raw += 2;
        }
    }
    return n;
}

static uint64_t hash_name(const char *raw, size_t len) {
    char plain[JSON_NAMES_MAX_BYTES];
    return memchr(raw, '\\', len) ? hash_text(plain, json_names_decode(raw, len, plain)) : hash_text(raw, len);
}

const char *json_names_add(struct json_names *n, size_t first, const char *raw, size_t len) {
    if (len > JSON_NAMES_MAX_BYTES)
        return "a name is too long";
    if (n->count == JSON_NAMES_MAX)
        return "too many names in one object";
    uint64_t hash = hash_name(raw, len);
    for (size_t i = first; i < n->count; i++)
        if (n->hashes[i] == hash)
            return "a name stands twice in one object";
    n->hashes[n->count++] = hash;
    return NULL;
}
