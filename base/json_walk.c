#include "base/json_walk.h"

#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_blank(const char *at) {
    while (is_blank(*at))
        at++;
    return at;
}

/* An odd number of backslashes stands before it. */
static bool is_escaped(const char *quote) {
    const char *at = quote;
    while (at[-1] == '\\')
        at--;
    return (quote - at) % 2 == 1;
}

static const char *skip_string(const char *at) {
    do
        at = rawmemchr(at + 1, '"');
    while (is_escaped(at));
    return at + 1;
}

/* Numbers, true, false and null. */
static const char *skip_word(const char *at) {
    while ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || *at == '-' || *at == '+' || *at == '.' ||
           *at == 'E')
        at++;
    return at;
}

/* A string counts as a value until a colon shows that it was a name. */
static struct json_part read_part(const char *at) {
    struct json_part part = {.text = at};
    size_t depth = 0;
    do {
        char c = *at;
        bool opens = c == '[' || c == '{';
        bool closes = c == ']' || c == '}';
        depth = depth + opens - closes;
        if (c == ':')
            part.values--;
        if (opens || closes || c == ',' || c == ':' || is_blank(c)) {
            part.values += opens;
            at++;
        } else {
            part.values++;
            at = c == '"' ? skip_string(at) : skip_word(at);
        }
    } while (depth > 0);
    part.len = (size_t)(at - part.text);
    return part;
}

struct json_part json_walk_whole(const char *text) {
    return read_part(skip_blank(text));
}

void json_walk_begin(struct json_walk *w, const char *text) {
    *w = (struct json_walk){.at = skip_blank(text + 1), .is_object = text[0] == '{'};
}

bool json_walk_next(struct json_walk *w, struct json_part *ret_name, struct json_part *ret_value) {
    if (*w->at == ']' || *w->at == '}')
        return false;
    if (w->is_object) {
        *ret_name = read_part(w->at);
        w->at = skip_blank(skip_blank(w->at + ret_name->len) + 1); /* the colon */
    }
    *ret_value = read_part(w->at);
    w->at = skip_blank(w->at + ret_value->len);
    if (*w->at == ',')
        w->at = skip_blank(w->at + 1);
    return true;
}
