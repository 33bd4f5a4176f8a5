#include "daemon/log_line.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Kept free for quotes, braces, truncated=true and the newline. */
enum { TAIL_BYTES = 32 };

static const char *const journal_prefixes[] = {"<3>", "<4>", "<6>", "<7>"};

/* All or nothing; remembers that something was left out. */
static bool put(struct log_line *l, const char *bytes, size_t n) {
    if (l->cut || n > l->room - l->len) {
        l->cut = true;
        return false;
    }
    memcpy(l->bytes + l->len, bytes, n);
    l->len += n;
    return true;
}

static bool put_text(struct log_line *l, const char *text) {
    return put(l, text, strlen(text));
}

/* Into the tail, which has room for it. */
static void put_last(struct log_line *l, const char *text) {
    size_t n = strlen(text);
    memcpy(l->bytes + l->len, text, n);
    l->len += n;
}

/* The code point of a whole sequence. */
static unsigned code_point(const char *text, size_t n) {
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned c = (unsigned char)text[0] & first_bits[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)text[i] & 0x3F);
    return c;
}

/* C0, DEL, and C1, which some terminals obey too; the marks, embeddings, overrides and isolates of UAX #9, and what
 * some readers take for the end of a line. */
static bool is_control(unsigned c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool put_control(struct log_line *l, unsigned c) {
    static const char letters[] = "\nn\rr\tt";
    char escaped[8];
    const char *at = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
    if (at)
        (void)snprintf(escaped, sizeof escaped, "\\%c", at[1]);
    else
        (void)snprintf(escaped, sizeof escaped, "\\u%04x", c & 0xFFFF);
    return put_text(l, escaped);
}

/* One character; returns the bytes read, 0 when the line is full. */
static size_t put_character(struct log_line *l, const char *text, size_t len, bool quoted) {
    size_t n = utf8_sequence(text, len);
    bool fits;
    if (n == 0)
        fits = put_text(l, "\xEF\xBF\xBD");
    else if (is_control(code_point(text, n)))
        fits = put_control(l, code_point(text, n));
    else if (quoted && (text[0] == '"' || text[0] == '\\'))
        fits = put(l, text[0] == '"' ? "\\\"" : "\\\\", 2);
    else
        fits = put(l, text, n);
    if (!fits)
        return 0;
    return n ? n : 1;
}

/* How much of the text is written: not half of a character at the end. */
static size_t text_bytes(struct log_line *l, const char *text) {
    size_t n = strnlen(text, LOG_TEXT_MAX_BYTES + 1);
    if (n <= LOG_TEXT_MAX_BYTES)
        return n;
    l->shortened = true;
    size_t back = 0;
    while (back < 3 && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    return n - 1 - back;
}

static void put_escaped(struct log_line *l, const char *text, bool quoted) {
    size_t len = text_bytes(l, text);
    while (len > 0) {
        size_t n = put_character(l, text, len, quoted);
        if (n == 0)
            return;
        text += n;
        len -= n;
    }
}

/* A quoted text may end early, but its quotes are whole. */
static void put_quoted(struct log_line *l, const char *text) {
    if (!put(l, "\"", 1))
        return;
    put_escaped(l, text, true);
    put_last(l, "\"");
}

static bool is_bare(const char *text) {
    for (const char *c = text; *c; c++)
        if (*c <= 0x20 || *c >= 0x7F || *c == '"' || *c == '=' || *c == '\\')
            return false;
    return *text != '\0';
}

/* Plain ASCII, which may be cut anywhere. */
static void put_bare(struct log_line *l, const char *text) {
    size_t n = text_bytes(l, text);
    size_t room = l->room - l->len;
    (void)put(l, text, n < room ? n : room); /* fits, or the line is cut already */
    l->cut |= n > room;
}

static void put_value(struct log_line *l, const char *text, bool always_quoted) {
    if (always_quoted || !is_bare(text))
        put_quoted(l, text);
    else
        put_bare(l, text);
}

static void number_text(const struct log_field *field, char ret_text[32]) {
    if (field->kind == LOG_KIND_INT) {
        (void)snprintf(ret_text, 32, "%" PRId64, field->number);
        return;
    }
    int64_t us = field->number < 0 ? 0 : field->number;
    int n = snprintf(ret_text, 32, "%" PRId64 ".%06d", us / 1000000, (int)(us % 1000000));
    while (ret_text[n - 1] == '0' && ret_text[n - 2] != '.')
        ret_text[--n] = '\0';
}

/* The name and the beginning of the value go in together, or neither. */
static void put_field(struct log_line *l, const struct log_field *field, bool json) {
    char number[32];
    size_t before = l->len;
    bool named = json ? put_text(l, ",\"") && put_text(l, field->name) && put_text(l, "\":")
                      : put_text(l, " ") && put_text(l, field->name) && put_text(l, "=");
    size_t value_at = l->len;
    if (named && field->kind == LOG_KIND_TEXT) {
        put_value(l, field->text ? field->text : "", json);
    } else if (named) {
        number_text(field, number);
        named = put_text(l, number);
    }
    if (!named || l->len == value_at)
        l->len = before;
}

static void put_fields(struct log_line *l, const struct log_event *e, bool json) {
    for (size_t i = 0; i < e->count && !l->cut; i++)
        put_field(l, &e->fields[i], json);
    if (l->cut || l->shortened)
        put_last(l, json ? ",\"truncated\":true" : " truncated=true");
}

static void put_json(struct log_line *l, const struct log_event *e) {
    (void)(put_text(l, "{\"ts\":\"") && put_text(l, e->time) &&
           put_text(l, "\",\"level\":\"") && /* the line is empty */
           put_text(l, log_level_name(e->level)) && put_text(l, "\",\"msg\":"));
    put_quoted(l, e->message);
    put_fields(l, e, true);
    put_last(l, "}");
}

static void put_logfmt(struct log_line *l, const struct log_event *e) {
    (void)(put_text(l, "ts=") && put_text(l, e->time) && put_text(l, " level=") && /* the line is empty */
           put_text(l, log_level_name(e->level)) && put_text(l, " msg="));
    put_value(l, e->message, false);
    put_fields(l, e, false);
}

static void begin(struct log_line *l) {
    l->len = 0;
    l->cut = false;
    l->shortened = false;
    l->room = sizeof l->bytes - TAIL_BYTES;
}

void log_line_write(struct log_line *ret_line, enum settings_log_format format, const struct log_event *event) {
    struct log_line *l = ret_line;
    begin(l);
    switch (format) {
    case LOG_FORMAT_JSON:
        put_json(l, event);
        break;
    case LOG_FORMAT_JOURNAL:
        (void)put_text(l, journal_prefixes[event->level]); /* the line is empty */
        put_escaped(l, event->message, false);
        put_fields(l, event, false);
        break;
    case LOG_FORMAT_LOGFMT:
        put_logfmt(l, event);
        break;
    }
    put_last(l, "\n");
}

void log_line_write_value(struct log_line *ret_line, const struct log_field *field) {
    char number[32];
    begin(ret_line);
    if (field->kind == LOG_KIND_TEXT) {
        put_escaped(ret_line, field->text ? field->text : "", false);
        return;
    }
    number_text(field, number);
    (void)put_text(ret_line, number); /* the line is empty */
}
