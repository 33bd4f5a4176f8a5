#include "config/settings_text.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_BYTES = 32 };

const struct settings_size_unit settings_size_units[SETTINGS_SIZE_UNITS] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", INT64_C(1) << 20}, {"KiB", INT64_C(1) << 10}, {"", 1}};

static enum err print_seconds(int64_t value_ms, struct buf *out) {
    char text[NUMBER_BYTES];
    int n = snprintf(text, sizeof text, "%" PRId64 ".%03d", value_ms / 1000, (int)(value_ms % 1000));
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    return buf_append(out, text, (size_t)n);
}

enum err settings_text_number(enum settings_type type, int64_t value, struct buf *out) {
    if (type == SETTINGS_TYPE_SECONDS)
        return print_seconds(value, out);
    size_t unit = 0;
    if (type != SETTINGS_TYPE_SIZE)
        return buf_printf(out, "%" PRId64, value);
    while (value == 0 ? settings_size_units[unit].bytes > 1 : value % settings_size_units[unit].bytes != 0)
        unit++;
    return buf_printf(out, "%" PRId64 "%s", value / settings_size_units[unit].bytes, settings_size_units[unit].text);
}

static enum err print_list(const struct settings_list *list, struct buf *out) {
    enum err err = ERR_NONE;
    for (size_t i = 0; i < list->count && !err; i++)
        err = buf_printf(out, "%s%s", i > 0 ? ", " : "", list->items[i]);
    return err;
}

enum err settings_text_value(const struct settings_row *row, const struct settings *s, struct buf *out) {
    const char *member = (const char *)s + row->offset;
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return print_list(settings_row_list_const(row, s), out);
    case SETTINGS_TYPE_TEXT:
        return buf_append_text(out, *(char *const *)(const void *)member);
    case SETTINGS_TYPE_CHOICE:
        return buf_append_text(out, row->choices[settings_row_choice(row, s)]);
    case SETTINGS_TYPE_SIZE:
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
        break;
    }
    return settings_text_number(row->type, *(const int64_t *)(const void *)member, out);
}

static enum err print_choices(const struct settings_row *row, struct buf *out) {
    enum err err = ERR_NONE;
    for (int i = 0; row->choices[i] && !err; i++) {
        const char *between = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
        err = buf_printf(out, "%s%s", between, row->choices[i]);
    }
    return err;
}

enum err settings_text_range(const struct settings_row *row, struct buf *out) {
    if (row->type == SETTINGS_TYPE_CHOICE)
        return print_choices(row, out);
    if (row->type == SETTINGS_TYPE_TEXT)
        return buf_printf(out, "%" PRId64 " bytes at most", row->max);
    enum err err = settings_text_number(row->type, row->min, out);
    if (!err)
        err = buf_append_text(out, " to ");
    if (!err)
        err = settings_text_number(row->type, row->max, out);
    if (!err && row->type == SETTINGS_TYPE_LIST)
        err = buf_append_text(out, " items");
    if (!err && row->type == SETTINGS_TYPE_SECONDS)
        err = buf_append_text(out, " seconds");
    return err;
}
