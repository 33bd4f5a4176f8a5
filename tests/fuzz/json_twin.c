#include "json_twin.h"

#include <string.h>

/* Each takes what it knows from the front of the text; false: it is not there. */
struct twin {
    const unsigned char *at;
    const unsigned char *end;
};

static bool value(struct twin *t);

static bool one_of(struct twin *t, const char *bytes) {
    if (t->at == t->end || *t->at == '\0' || !strchr(bytes, *t->at))
        return false;
    t->at++;
    return true;
}

static bool word(struct twin *t, const char *text) {
    for (; *text; text++)
        if (!one_of(t, (const char[]){*text, '\0'}))
            return false;
    return true;
}

static void blanks(struct twin *t) {
    while (one_of(t, " \t\r\n"))
        continue;
}

static bool digits(struct twin *t) {
    bool any = false;
    while (one_of(t, "0123456789"))
        any = true;
    return any;
}

static bool number(struct twin *t) {
    (void)one_of(t, "-");
    if (!one_of(t, "0") && !digits(t))
        return false;
    if (one_of(t, ".") && !digits(t))
        return false;
    if (!one_of(t, "eE"))
        return true;
    (void)one_of(t, "+-");
    return digits(t);
}

static bool hex(struct twin *t, unsigned *ret_code) {
    static const char all[] = "0123456789abcdef0123456789ABCDEF";
    *ret_code = 0;
    for (int i = 0; i < 4; i++) {
        if (!one_of(t, all))
            return false;
        *ret_code = *ret_code << 4 | (unsigned)(strchr(all, t->at[-1]) - all) % 16;
    }
    return true;
}

static bool escape(struct twin *t) {
    unsigned high, low;
    if (one_of(t, "\"\\/bfnrt"))
        return true;
    if (!word(t, "u") || !hex(t, &high) || high == 0)
        return false;
    if (high >> 11 != 0x1B) /* 0xD800 to 0xDFFF */
        return true;
    return high < 0xDC00 && word(t, "\\u") && hex(t, &low) && low >> 10 == 0x37;
}

/* The table of RFC 3629, section 4. */
static bool character(struct twin *t) {
    static const unsigned char rows[][4][2] = {
        {{0x20, 0x7F}},
        {{0xC2, 0xDF}, {0x80, 0xBF}},
        {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}},
        {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}},
        {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}},
        {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}},
        {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
        {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
        {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        size_t n = 0;
        while (n < 4 && rows[row][n][0] != 0 && n < (size_t)(t->end - t->at) && t->at[n] >= rows[row][n][0] &&
               t->at[n] <= rows[row][n][1])
            n++;
        if (n > 0 && (n == 4 || rows[row][n][0] == 0)) {
            t->at += n;
            return true;
        }
    }
    return false;
}

static bool string(struct twin *t) {
    if (!one_of(t, "\""))
        return false;
    while (!one_of(t, "\""))
        if (!(one_of(t, "\\") ? escape(t) : character(t)))
            return false;
    return true;
}

static bool member(struct twin *t) {
    blanks(t);
    if (!string(t))
        return false;
    blanks(t);
    return one_of(t, ":") && value(t);
}

static bool members(struct twin *t, bool (*one)(struct twin *t), const char *close) {
    blanks(t);
    if (one_of(t, close))
        return true;
    do
        if (!one(t))
            return false;
    while (one_of(t, ","));
    return one_of(t, close);
}

static bool value(struct twin *t) {
    bool ok;
    blanks(t);
    if (t->at == t->end)
        return false;
    switch (*t->at) {
    case '[':
        t->at++;
        ok = members(t, value, "]");
        break;
    case '{':
        t->at++;
        ok = members(t, member, "}");
        break;
    case '"':
        ok = string(t);
        break;
    case 't':
        ok = word(t, "true");
        break;
    case 'f':
        ok = word(t, "false");
        break;
    case 'n':
        ok = word(t, "null");
        break;
    default:
        ok = number(t);
    }
    blanks(t);
    return ok;
}

bool json_twin_accepts(const char *text, size_t len) {
    struct twin t = {(const unsigned char *)text, (const unsigned char *)text + len};
    return value(&t) && t.at == t.end;
}
