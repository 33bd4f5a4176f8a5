#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void json_begin(struct json *j, struct buf *out) {
    *j = (struct json){.out = out};
}

void json_resume(struct json *j, struct buf *out) {
    *j = (struct json){.out = out, .comma = true};
}

enum err json_end(struct json *j) {
    return j->err;
}

static void put(struct json *j, const char *bytes, size_t len) {
    if (!j->err)
        j->err = buf_append(j->out, bytes, len);
}

static void put_text(struct json *j, const char *text) {
    put(j, text, strlen(text));
}

static void value_begins(struct json *j) {
    if (j->comma)
        put(j, ",", 1);
    j->comma = true;
}

void json_object_open(struct json *j) {
    value_begins(j);
    put(j, "{", 1);
    j->comma = false;
}

void json_object_close(struct json *j) {
    put(j, "}", 1);
    j->comma = true;
}

void json_array_open(struct json *j) {
    value_begins(j);
    put(j, "[", 1);
    j->comma = false;
}

void json_array_close(struct json *j) {
    put(j, "]", 1);
    j->comma = true;
}

void json_key(struct json *j, const char *key) {
    value_begins(j);
    put(j, "\"", 1);
    put_text(j, key);
    put(j, "\":", 2);
    j->comma = false;
}

void json_key_text(struct json *j, const char *key, size_t len) {
    json_string(j, key, len);
    put(j, ":", 1);
    j->comma = false;
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void put_control(struct json *j, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr("\bb\tt\nn\ff\rr\"\"\\\\", c) : NULL;
    const char escape[6] = {'\\', at ? at[1] : 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    put(j, escape, at ? 2 : sizeof escape);
}

static const char replacement[] = "\xEF\xBF\xBD";

/* What the character, or the byte that is none, at the start of a text is written as, and how much of it that is. */
static const char *character(const char *text, size_t len, size_t *ret_read, size_t *ret_len) {
    size_t n = utf8_sequence(text, len);
    *ret_read = n > 0 ? n : 1;
    *ret_len = n > 0 ? n : sizeof replacement - 1;
    return n > 0 ? text : replacement;
}

bool json_is_same_string(const char *a, const char *b) {
    size_t a_left = strlen(a), b_left = strlen(b);
    while (a_left > 0 && b_left > 0) {
        size_t a_read, a_len, b_read, b_len;
        const char *in_a = character(a, a_left, &a_read, &a_len), *in_b = character(b, b_left, &b_read, &b_len);
        if (a_len != b_len || memcmp(in_a, in_b, a_len) != 0)
            return false;
        a += a_read, a_left -= a_read;
        b += b_read, b_left -= b_read;
    }
    return a_left == b_left;
}

/* Writes what is not a plain run: an escape, a multi-byte character or U+FFFD. Returns the bytes read. */
static size_t put_special(struct json *j, const char *text, size_t len) {
    unsigned char c = (unsigned char)text[0];
    if (c <= 0x7F) {
        put_control(j, c);
        return 1;
    }
    size_t read, n;
    const char *written = character(text, len, &read, &n);
    put(j, written, n);
    return read;
}

void json_string(struct json *j, const char *text, size_t len) {
    value_begins(j);
    put(j, "\"", 1);
    while (len > 0 && !j->err) {
        size_t run = 0;
        while (run < len && is_plain((unsigned char)text[run]))
            run++;
        put(j, text, run);
        text += run;
        len -= run;
        if (len > 0) {
            size_t n = put_special(j, text, len);
            text += n;
            len -= n;
        }
    }
    put(j, "\"", 1);
}

static size_t special_bytes(const char *text, size_t len, size_t *ret_read) {
    unsigned char c = (unsigned char)text[0];
    *ret_read = 1;
    if (c <= 0x7F)
        return c && strchr("\b\t\n\f\r\"\\", c) ? 2 : 6;
    size_t n;
    (void)character(text, len, ret_read, &n);
    return n;
}

size_t json_string_bytes(const char *text, size_t len) {
    size_t total = 2;
    while (len > 0) {
        size_t read = 1;
        total += is_plain((unsigned char)text[0]) ? 1 : special_bytes(text, len, &read);
        text += read;
        len -= read;
    }
    return total;
}

void json_reserve(struct json *j, size_t more) {
    if (!j->err)
        j->err = buf_reserve(j->out, more);
}

void json_text(struct json *j, const char *text) {
    json_string(j, text, strlen(text));
}

void json_base64(struct json *j, const void *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    value_begins(j);
    put(j, "\"", 1);
    for (size_t i = 0; i < len && !j->err; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        unsigned group = (unsigned)in[i] << 16 | (n > 1 ? (unsigned)in[i + 1] << 8 : 0) | (n > 2 ? in[i + 2] : 0);
        char out[4] = {digits[group >> 18], digits[group >> 12 & 63], n > 1 ? digits[group >> 6 & 63] : '=',
                       n > 2 ? digits[group & 63] : '='};
        put(j, out, sizeof out);
    }
    put(j, "\"", 1);
}

void json_int(struct json *j, int64_t value) {
    char text[24];
    value_begins(j);
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put_text(j, text);
}

void json_bool(struct json *j, bool value) {
    value_begins(j);
    put_text(j, value ? "true" : "false");
}

void json_null(struct json *j) {
    value_begins(j);
    put_text(j, "null");
}

/* At least one decimal, and no more than say something. */
static void put_decimal(struct json *j, int64_t whole, int part, int decimals) {
    char text[32];
    value_begins(j);
    int n = snprintf(text, sizeof text, "%" PRId64 ".%0*d", whole, decimals, part);
    while (text[n - 1] == '0' && text[n - 2] != '.')
        n--;
    put(j, text, (size_t)n);
}

void json_seconds(struct json *j, int64_t value_us) {
    int64_t us = value_us > 0 ? value_us : 0;
    put_decimal(j, us / 1000000, (int)(us % 1000000), 6);
}

void json_milliseconds(struct json *j, int64_t value_us) {
    int64_t us = value_us > 0 ? value_us : 0;
    put_decimal(j, us / 1000, (int)(us % 1000), 3);
}
