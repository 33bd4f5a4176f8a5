#include "base/json_scan.h"

#include "base/json_names.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct scan {
    const char *text;
    size_t len;
    size_t at;
    size_t values;
    size_t max_values;
    size_t depth;
    uint64_t is_object;                      /* a bit for each open level */
    struct json_names *names;                /* NULL: they are not compared, and strings may hold NUL */
    size_t outer_names[JSON_SCAN_MAX_DEPTH]; /* how many there were when the level was opened */
    enum json_scan_verdict verdict;
    const char *reason;
};

static bool fail(struct scan *s, const char *reason) {
    s->verdict = JSON_SCAN_MALFORMED;
    s->reason = reason;
    return false;
}

static bool fail_beyond(struct scan *s, const char *reason) {
    s->verdict = JSON_SCAN_BEYOND;
    s->reason = reason;
    return false;
}

static char peek(const struct scan *s) {
    return s->at < s->len ? s->text[s->at] : '\0';
}

static void skip_blank(struct scan *s) {
    while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at] != '\0')
        s->at++;
}

static bool scan_word(struct scan *s, const char *word) {
    size_t n = strlen(word);
    if (s->len - s->at < n || memcmp(s->text + s->at, word, n) != 0)
        return fail(s, "not a JSON value");
    s->at += n;
    return true;
}

/* `ret_count` digits, of which `ret_zeros` zeros come first. */
static bool scan_digits(struct scan *s, int64_t *ret_zeros, int64_t *ret_count) {
    size_t start = s->at;
    while (peek(s) == '0')
        s->at++;
    *ret_zeros = (int64_t)(s->at - start);
    while (isdigit((unsigned char)peek(s)))
        s->at++;
    *ret_count = (int64_t)(s->at - start);
    return *ret_count > 0 || fail(s, "a digit is missing");
}

static bool scan_exponent(struct scan *s, int64_t *ret_exponent) {
    int64_t zeros, count, value = 0;
    s->at++;
    bool negative = peek(s) == '-';
    if (negative || peek(s) == '+')
        s->at++;
    if (!scan_digits(s, &zeros, &count))
        return false;
    for (const char *digit = s->text + s->at - count; digit < s->text + s->at; digit++)
        if (value < INT32_MAX) /* more than the digits of any text make up for */
            value = value * 10 + (*digit - '0');
    *ret_exponent = negative ? -value : value;
    return true;
}

static bool scan_number(struct scan *s) {
    int64_t zeros, count, fraction_zeros = 0, fraction_count = 0, exponent = 0;
    s->at += peek(s) == '-';
    size_t start = s->at;
    if (!scan_digits(s, &zeros, &count))
        return false;
    if (zeros > 0 && count > 1) {
        s->at = start + 1;
        return fail(s, "a number begins with a zero");
    }
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s, &fraction_zeros, &fraction_count))
            return false;
    }
    if ((peek(s) == 'e' || peek(s) == 'E') && !scan_exponent(s, &exponent))
        return false;
    if (zeros > 0 && fraction_zeros == fraction_count) /* nothing but zeros */
        return true;
    exponent += zeros > 0 ? -fraction_zeros - 1 : count - 1;
    return exponent <= JSON_SCAN_MAX_EXPONENT || fail_beyond(s, "a number is too large");
}

static bool scan_hex4(struct scan *s, unsigned *ret_code) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(s);
        if (!isxdigit((unsigned char)c))
            return fail(s, "\\u needs four hexadecimal digits");
        code = code * 16 + (unsigned)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
        s->at++;
    }
    *ret_code = code;
    return true;
}

static bool scan_unicode(struct scan *s) {
    unsigned code, low;
    if (!scan_hex4(s, &code))
        return false;
    if (code == 0 && s->names)
        return fail(s, "a string holds the character NUL");
    if (code >= 0xDC00 && code <= 0xDFFF)
        return fail(s, "half of a surrogate pair");
    if (code < 0xD800 || code > 0xDBFF)
        return true;
    if (s->len - s->at < 2 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u')
        return fail(s, "half of a surrogate pair");
    s->at += 2;
    if (!scan_hex4(s, &low))
        return false;
    return (low >= 0xDC00 && low <= 0xDFFF) || fail(s, "half of a surrogate pair");
}

static bool scan_escape(struct scan *s) {
    char c = peek(s);
    if (c == '\0' || !strchr("\"\\/bfnrtu", c))
        return fail(s, "an unknown escape in a string");
    s->at++;
    return c != 'u' || scan_unicode(s);
}

static bool scan_string(struct scan *s) {
    if (peek(s) != '"')
        return fail(s, "a string is missing");
    s->at++;
    while (s->at < s->len) {
        unsigned char c = (unsigned char)s->text[s->at];
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return fail(s, "a control character in a string");
        size_t n = utf8_sequence(s->text + s->at, s->len - s->at);
        if (n == 0)
            return fail(s, "bytes that are not UTF-8");
        s->at += n;
        if (c == '\\' && !scan_escape(s))
            return false;
    }
    return fail(s, "a string does not end");
}

static bool open_level(struct scan *s, bool is_object) {
    if (s->depth == JSON_SCAN_MAX_DEPTH)
        return fail_beyond(s, "nested too deeply");
    if (s->names)
        s->outer_names[s->depth] = s->names->count;
    s->is_object = s->is_object << 1 | is_object;
    s->depth++;
    s->at++;
    return true;
}

static void close_level(struct scan *s) {
    s->is_object >>= 1;
    s->depth--;
    s->at++;
    if (s->names)
        s->names->count = s->outer_names[s->depth];
}

static bool scan_name(struct scan *s) {
    skip_blank(s);
    size_t start = s->at;
    if (!scan_string(s))
        return false;
    const char *why = NULL;
    if (s->names)
        why = json_names_add(s->names, s->outer_names[s->depth - 1], s->text + start + 1, s->at - start - 2);
    if (why) {
        s->at = start;
        return fail_beyond(s, why);
    }
    skip_blank(s);
    if (peek(s) != ':')
        return fail(s, "a colon is missing");
    s->at++;
    return true;
}

static bool scan_scalar(struct scan *s) {
    switch (peek(s)) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return peek(s) == '-' || isdigit((unsigned char)peek(s)) ? scan_number(s) : fail(s, "not a JSON value");
    }
}

/* Reads what may begin a value. True with `*ret_open`: a level was opened that is not empty, and a value has to
 * follow. */
static bool begin_value(struct scan *s, bool *ret_open) {
    skip_blank(s);
    *ret_open = false;
    if (++s->values > s->max_values) {
        s->verdict = JSON_SCAN_TOO_MANY;
        s->reason = "too many values";
        return false;
    }
    char c = peek(s);
    if (c != '[' && c != '{')
        return scan_scalar(s);
    if (!open_level(s, c == '{'))
        return false;
    skip_blank(s);
    if (peek(s) == (c == '{' ? '}' : ']')) {
        close_level(s);
        return true;
    }
    *ret_open = true;
    return c == '[' || scan_name(s);
}

/* After a value: closes what ends here. True with `*ret_more`: a comma came, and a value has to follow. */
static bool end_value(struct scan *s, bool *ret_more) {
    *ret_more = false;
    while (s->depth > 0) {
        bool in_object = s->is_object & 1;
        skip_blank(s);
        if (peek(s) == ',') {
            s->at++;
            *ret_more = true;
            return !in_object || scan_name(s);
        }
        if (peek(s) != (in_object ? '}' : ']'))
            return fail(s, in_object ? "a comma or a closing brace is missing"
                                     : "a comma or a closing bracket is missing");
        close_level(s);
    }
    return true;
}

static enum json_scan_verdict scan(struct scan *s, struct json_scan_fault *ret_fault) {
    bool more = true;
    bool ok = true;
    while (ok && more) {
        ok = begin_value(s, &more);
        if (ok && !more)
            ok = end_value(s, &more);
    }
    if (ok) {
        skip_blank(s);
        ok = s->at == s->len || fail(s, "something follows the value");
    }
    *ret_fault = (struct json_scan_fault){.offset = s->at, .reason = s->reason};
    return s->verdict;
}

enum json_scan_verdict json_scan(const char *text, size_t len, size_t max_values, struct json_scan_fault *ret_fault) {
    struct json_names names;
    struct scan s = {.text = text, .len = len, .max_values = max_values, .names = &names};
    names.count = 0;
    return scan(&s, ret_fault);
}

enum json_scan_verdict json_scan_grammar(const char *text, size_t len, struct json_scan_fault *ret_fault) {
    struct scan s = {.text = text, .len = len, .max_values = SIZE_MAX};
    return scan(&s, ret_fault);
}
