#include "config/settings_value.h"

#include "base/utf8.h"
#include "config/settings_place.h"
#include "config/settings_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 60 };

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

__attribute__((format(printf, 2, 3))) static enum err refuse(struct settings_reason *reason, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason->text, sizeof reason->text, format, args); /* a long reason may be cut */
    va_end(args);
    return ERR_INVALID;
}

static enum err refuse_value(const struct settings_row *row, const char *text, size_t len, const char *must,
                             struct settings_reason *ret_reason) {
    char range[128];
    char given[SHOWN_BYTES];
    struct buf b;
    buf_init(&b, sizeof range - 1);
    enum err err = settings_text_range(row, &b);
    (void)snprintf(range, sizeof range, "%.*s", err ? 0 : (int)b.len, err || !b.data ? "" : b.data);
    buf_fini(&b);
    return refuse(ret_reason, "must be %s%s, not \"%s\"", must, range,
                  settings_place_printable(text, len, given, sizeof given));
}

/* More than fits becomes INT64_MAX, which is out of every range. False without a digit. */
static bool read_digits(const char **at, const char *end, int64_t *ret_value) {
    const char *p = *at;
    int64_t value = 0;
    for (; p < end && is_digit(*p); p++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value))
            value = INT64_MAX;
    if (p == *at)
        return false;
    *at = p;
    *ret_value = value;
    return true;
}

static bool read_size(const char *at, const char *end, int64_t *ret_bytes) {
    int64_t value;
    if (!read_digits(&at, end, &value))
        return false;
    size_t rest = (size_t)(end - at);
    for (size_t i = 0; i < SETTINGS_SIZE_UNITS; i++) {
        if (strlen(settings_size_units[i].text) != rest || memcmp(settings_size_units[i].text, at, rest) != 0)
            continue;
        if (__builtin_mul_overflow(value, settings_size_units[i].bytes, &value))
            value = INT64_MAX;
        *ret_bytes = value;
        return true;
    }
    return false;
}

static bool read_seconds(const char *at, const char *end, int64_t *ret_ms) {
    int64_t value;
    if (!read_digits(&at, end, &value))
        return false;
    value = (value < INT64_MAX / 1000 ? value : INT64_MAX / 1000 - 1) * 1000;
    if (at < end && *at == '.') {
        at++;
        if (at == end)
            return false;
        for (int64_t digit_ms = 100; at < end && is_digit(*at) && digit_ms > 0; digit_ms /= 10)
            value += (*at++ - '0') * digit_ms;
    }
    *ret_ms = value;
    return at == end;
}

static bool read_number(enum settings_type type, const char *text, size_t len, int64_t *ret_value) {
    const char *end = text + len;
    if (type == SETTINGS_TYPE_SIZE)
        return read_size(text, end, ret_value);
    if (type == SETTINGS_TYPE_SECONDS)
        return read_seconds(text, end, ret_value);
    return read_digits(&text, end, ret_value) && text == end;
}

static enum err set_number(const struct settings_row *row, const char *text, size_t len, struct settings *s,
                           struct settings_reason *ret_reason) {
    int64_t value;
    if (!read_number(row->type, text, len, &value)) {
        const char *must = row->type == SETTINGS_TYPE_SIZE      ? "bytes, or a number with KiB, MiB or GiB, "
                           : row->type == SETTINGS_TYPE_SECONDS ? "seconds with three decimals at most, "
                                                                : "a whole number, ";
        return refuse_value(row, text, len, must, ret_reason);
    }
    if (value < row->min || value > row->max)
        return refuse_value(row, text, len, "", ret_reason);
    *settings_row_number(row, s) = value;
    return ERR_NONE;
}

/* What is refused could not be written to a settings file, or would not be read back: there a ';' at the beginning or
 * after a blank begins a comment. */
static bool is_text(const char *text, size_t len) {
    if (!utf8_is_valid(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return false;
        if (text[i] == ';' && (i == 0 || is_blank(text[i - 1])))
            return false;
    }
    return true;
}

static enum err check_text(const char *text, size_t len, struct settings_reason *ret_reason) {
    char given[SHOWN_BYTES];
    if (len > SETTINGS_TEXT_MAX_BYTES)
        return refuse(ret_reason, "must have %d bytes at most, not %zu", SETTINGS_TEXT_MAX_BYTES, len);
    if (!is_text(text, len))
        return refuse(ret_reason, "must be UTF-8 without control characters or a ';' after a blank, not \"%s\"",
                      settings_place_printable(text, len, given, sizeof given));
    return ERR_NONE;
}

static enum err set_text(const struct settings_row *row, const char *text, size_t len, struct settings *s,
                         struct settings_reason *ret_reason) {
    enum err err = check_text(text, len, ret_reason);
    if (err)
        return err;
    char *copy = strndup(text, len);
    if (!copy)
        return ERR_NOMEM;
    free(*settings_row_text(row, s));
    *settings_row_text(row, s) = copy;
    return ERR_NONE;
}

static enum err set_choice(const struct settings_row *row, const char *text, size_t len, struct settings *s,
                           struct settings_reason *ret_reason) {
    for (int i = 0; row->choices[i]; i++) {
        if (strlen(row->choices[i]) != len || memcmp(row->choices[i], text, len) != 0)
            continue;
        settings_row_set_choice(row, i, s);
        return ERR_NONE;
    }
    return refuse_value(row, text, len, "", ret_reason);
}

static void trim(const char **text, size_t *len) {
    while (*len > 0 && is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        (*len)--;
}

static enum err add_item(const struct settings_row *row, const char *text, size_t len, struct settings *s,
                         struct settings_reason *ret_reason) {
    struct settings_list *list = settings_row_list(row, s);
    if (len == 0)
        return refuse(ret_reason, "has an empty item");
    if (list->count >= (size_t)row->max)
        return refuse(ret_reason, "must have %" PRId64 " items at most", row->max);
    enum err err = check_text(text, len, ret_reason);
    if (err)
        return err;
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return ERR_NOMEM;
    list->items = items;
    items[list->count] = strndup(text, len);
    if (!items[list->count])
        return ERR_NOMEM;
    list->count++;
    return ERR_NONE;
}

static void drop_items(struct settings_list *list, size_t keep) {
    while (list->count > keep)
        free(list->items[--list->count]);
}

static enum err add_items(const struct settings_row *row, const char *text, size_t len, struct settings *s,
                          struct settings_reason *ret_reason) {
    size_t before = settings_row_list(row, s)->count;
    const char *end = text + len;
    enum err err = ERR_NONE;
    while (!err && len > 0) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *item = text;
        size_t item_len = (size_t)((comma ? comma : end) - text);
        trim(&item, &item_len);
        err = add_item(row, item, item_len, s, ret_reason);
        if (!comma)
            break;
        text = comma + 1;
    }
    if (err)
        drop_items(settings_row_list(row, s), before);
    return err;
}

void settings_value_clear_list(const struct settings_row *row, struct settings *s) {
    struct settings_list *list = settings_row_list(row, s);
    drop_items(list, 0);
    free(list->items);
    *list = (struct settings_list){0};
}

enum err settings_value_read(const struct settings_row *row, const char *text, struct settings *s,
                             struct settings_reason *ret_reason) {
    size_t len = strlen(text);
    trim(&text, &len);
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return add_items(row, text, len, s, ret_reason);
    case SETTINGS_TYPE_TEXT:
        return set_text(row, text, len, s, ret_reason);
    case SETTINGS_TYPE_CHOICE:
        return set_choice(row, text, len, s, ret_reason);
    case SETTINGS_TYPE_SIZE:
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
        break;
    }
    return set_number(row, text, len, s, ret_reason);
}
