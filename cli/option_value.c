#include "cli/option_value.h"

#include "base/json_names.h"
#include "base/utf8.h"
#include "cli/read_file.h"
#include "pool/fetch_include.h"
#include "pool/header_rules.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY_BYTES = 100 * 1024 * 1024 };

static bool refuse(const struct option_target *t, const char *why) {
    (void)snprintf(t->error, CLI_ERROR_BYTES, "%s", why);
    return false;
}

static bool refuse_memory(const struct option_target *t) {
    return refuse(t, "memory ran out");
}

static void *field_of(const struct option_row *row, const struct option_target *t) {
    return (row->per_item ? (char *)&t->values->fetch : (char *)t->options) + row->offset;
}

/* ---- numbers ---- */

static bool is_whole(const struct option_row *row) {
    return row->kind != OPTION_SECONDS;
}

static bool refuse_number(const struct option_row *row, const struct option_target *t) {
    (void)snprintf(t->error, CLI_ERROR_BYTES, "must be %s from %.15g to %.15g",
                   is_whole(row) ? "a whole number" : "a number of seconds", row->min, row->max);
    return false;
}

static bool store_number(const struct option_row *row, double number, const struct option_target *t) {
    if (!(number >= row->min && number <= row->max) || (is_whole(row) && floor(number) != number))
        return refuse_number(row, t);
    if (row->kind == OPTION_INT)
        *(int *)field_of(row, t) = (int)number;
    else
        *(int64_t *)field_of(row, t) = row->kind == OPTION_SECONDS ? (int64_t)(number * 1000 + 0.5) : (int64_t)number;
    return true;
}

/* Bytes may have K, M or G behind them. */
static double unit_of(const struct option_row *row, const char *text) {
    static const char units[] = "KMG";
    const char *unit = row->kind == OPTION_BYTES && *text ? strchr(units, *text) : NULL;
    return *text == '\0' ? 1 : unit && text[1] == '\0' ? pow(1024, (double)(unit - units) + 1) : 0;
}

static bool read_number(const struct option_row *row, const char *text, const struct option_target *t) {
    size_t digits = strspn(text, "0123456789.");
    char *end;
    double number = strtod(text, &end);
    double unit = unit_of(row, text + digits);
    if (digits == 0 || end != text + digits || unit == 0)
        return refuse_number(row, t);
    return store_number(row, number * unit, t);
}

/* ---- words ---- */

/* The place of the word in "a|b|c", or -1. */
static int find_choice(const char *choices, const char *text, size_t len) {
    for (int i = 0;; i++) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, text, n) == 0)
            return i;
        if (choices[n] == '\0')
            return -1;
        choices += n + 1;
    }
}

static bool read_choice(const struct option_row *row, const char *text, const struct option_target *t) {
    int choice = find_choice(row->choices, text, strlen(text));
    if (choice < 0) {
        (void)snprintf(t->error, CLI_ERROR_BYTES, "must be one of %s", row->choices);
        return false;
    }
    if (row->kind == OPTION_CHOICE) {
        *(int *)field_of(row, t) = choice;
        return true;
    }
    t->values->fetch.method = arena_copy(t->arena, text, strlen(text));
    return t->values->fetch.method || refuse_memory(t);
}

static bool add_include(const char *name, size_t len, const struct option_target *t) {
    unsigned part = fetch_include_find(name, len);
    t->values->fetch.include |= part;
    return part || refuse(t, "must be a list out of " FETCH_INCLUDE_NAMES);
}

static bool read_include(const char *text, const struct option_target *t) {
    t->values->fetch.include = 0;
    for (;;) {
        size_t n = strcspn(text, ",");
        if (!add_include(text, n, t))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

static bool add_input(const char *text, const struct option_target *t) {
    if (t->options->input_count == CLI_MAX_INPUTS)
        return refuse(t, "stands there too often");
    t->options->inputs[t->options->input_count++] = text;
    return true;
}

/* ---- headers ---- */

/* Behind the last one of its name: a daemon is told the values of each name, and so gets the same order. */
static size_t place_of(const struct fetch_options *fetch, const char *line) {
    size_t place = fetch->header_count;
    size_t len = strcspn(line, ":") + 1;
    while (place > 0 && strncmp(fetch->headers[place - 1], line, len) != 0)
        place--;
    return place > 0 ? place : fetch->header_count;
}

static bool add_header(const char *name, const char *value, const struct option_target *t) {
    struct fetch_options *fetch = &t->values->fetch;
    const char *reason = header_rules_check(name, value);
    if (reason)
        return refuse(t, reason);
    if (!utf8_is_valid(value, strlen(value)))
        return refuse(t, "is not UTF-8");
    if (fetch->header_count == HEADER_RULES_MAX)
        return refuse(t, "stands there more than 200 times");
    const char **lines = arena_alloc(t->arena, (fetch->header_count + 1) * sizeof *lines);
    size_t size = strlen(name) + strlen(value) + 3;
    char *line = arena_alloc(t->arena, size);
    if (!lines || !line)
        return refuse_memory(t);
    (void)snprintf(line, size, "%s: %s", name, value);
    size_t place = place_of(fetch, line);
    for (size_t i = 0; i < fetch->header_count; i++)
        lines[i + (i >= place)] = fetch->headers[i];
    lines[place] = line;
    fetch->header_count++;
    fetch->headers = lines;
    return true;
}

static bool read_header(const char *text, const struct option_target *t) {
    size_t colon = strcspn(text, ":");
    if (text[colon] == '\0')
        return refuse(t, "must be 'Name: value'");
    char *name = arena_copy(t->arena, text, colon);
    if (!name)
        return refuse_memory(t);
    const char *value = text + colon + 1;
    return add_header(name, value + strspn(value, " \t"), t);
}

/* ---- the body ---- */

static bool set_body(const char *text, size_t len, const struct option_target *t) {
    t->values->fetch.body = arena_copy(t->arena, text, len);
    t->values->fetch.body_bytes = len;
    return t->values->fetch.body || refuse_memory(t);
}

static bool read_body_file(const char *path, const struct option_target *t) {
    struct buf body;
    buf_init(&body, MAX_BODY_BYTES);
    enum err err = read_file(path, &body);
    int reason = errno;
    bool ok = !err && set_body(body.len ? body.data : "", body.len, t);
    buf_fini(&body);
    t->options->body_from_input = strcmp(path, "-") == 0;
    t->options->body_unreadable = err == ERR_IO;
    if (err)
        (void)snprintf(t->error, CLI_ERROR_BYTES, "%.200s: %s", path,
                       err == ERR_IO      ? strerror(reason)
                       : err == ERR_LIMIT ? "more than 100 MiB"
                                          : err_text(err));
    return ok;
}

static bool read_body(const char *text, const struct option_target *t) {
    return *text == '@' ? read_body_file(text + 1, t) : set_body(text, strlen(text), t);
}

static bool read_value(const struct option_row *row, const char *text, const struct option_target *t) {
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_NOT:
        *(bool *)field_of(row, t) = row->kind == OPTION_FLAG;
        return true;
    case OPTION_TEXT:
        *(const char **)field_of(row, t) = text;
        return *text != '\0' || refuse(t, "must not be empty");
    case OPTION_CHOICE:
    case OPTION_METHOD:
        return read_choice(row, text, t);
    case OPTION_HEADER:
        return read_header(text, t);
    case OPTION_BODY:
        return read_body(text, t);
    case OPTION_INCLUDE:
        return read_include(text, t);
    case OPTION_INPUT:
        return add_input(text, t);
    default:
        return read_number(row, text, t);
    }
}

static bool mark(const struct option_row *row, const struct option_target *t) {
    t->values->set |= UINT64_C(1) << (row - option_table);
    return true;
}

bool option_value_read(const struct option_row *row, const char *text, const struct option_target *target) {
    return read_value(row, text, target) && mark(row, target);
}

/* ---- of an item ---- */

char *option_value_decode(const struct json_part *string, struct arena *arena, size_t *ret_len) {
    char *text = arena_alloc(arena, string->len);
    if (text)
        *ret_len = json_names_decode(string->text + 1, string->len - 2, text); /* NUL behind it: the quotes' room */
    return text;
}

/* One value, or the values of a list. */
static bool add_json_header(const char *name, const struct json_part *value, const struct option_target *t) {
    struct json_walk walk;
    struct json_part none, one = *value;
    size_t len;
    bool is_list = *value->text == '[';
    if (is_list)
        json_walk_begin(&walk, value->text);
    while (!is_list || json_walk_next(&walk, &none, &one)) {
        if (*one.text != '"')
            return refuse(t, "must be an object of name to value");
        char *text = option_value_decode(&one, t->arena, &len);
        if (!text)
            return refuse_memory(t);
        if (!add_header(name, text, t))
            return false;
        if (!is_list)
            break;
    }
    return true;
}

static bool read_json_headers(const struct json_part *value, const struct option_target *t) {
    struct json_walk walk;
    struct json_part raw, one;
    size_t len;
    if (*value->text != '{')
        return refuse(t, "must be an object of name to value");
    t->values->fetch.headers = NULL;
    t->values->fetch.header_count = 0;
    json_walk_begin(&walk, value->text);
    while (json_walk_next(&walk, &raw, &one)) {
        char *name = option_value_decode(&raw, t->arena, &len);
        if (!name)
            return refuse_memory(t);
        if (!add_json_header(name, &one, t))
            return false;
    }
    return true;
}

static bool read_json_include(const struct json_part *value, const struct option_target *t) {
    struct json_walk walk;
    struct json_part none, one;
    if (*value->text != '[')
        return refuse(t, "must be a list");
    t->values->fetch.include = 0;
    json_walk_begin(&walk, value->text);
    while (json_walk_next(&walk, &none, &one))
        if (*one.text != '"' || !add_include(one.text + 1, one.len - 2, t))
            return refuse(t, "must be a list out of " FETCH_INCLUDE_NAMES);
    return true;
}

static bool read_json_text(const struct option_row *row, const struct json_part *value, const struct option_target *t) {
    size_t len;
    if (*value->text != '"')
        return refuse(t, "must be a string");
    char *text = option_value_decode(value, t->arena, &len);
    if (!text)
        return refuse_memory(t);
    return row->kind == OPTION_BODY ? set_body(text, len, t) : read_choice(row, text, t);
}

static bool read_json(const struct option_row *row, const struct json_part *value, const struct option_target *t) {
    char first = *value->text;
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_NOT:
        *(bool *)field_of(row, t) = first == 't';
        return first == 't' || first == 'f' || refuse(t, "must be true or false");
    case OPTION_METHOD:
    case OPTION_CHOICE:
    case OPTION_BODY:
        return read_json_text(row, value, t);
    case OPTION_HEADER:
        return read_json_headers(value, t);
    case OPTION_INCLUDE:
        return read_json_include(value, t);
    default:
        return first == '-' || (first >= '0' && first <= '9') ? store_number(row, strtod(value->text, NULL), t)
                                                              : refuse_number(row, t);
    }
}

bool option_value_read_json(const struct option_row *row, const struct json_part *value,
                            const struct option_target *target) {
    return read_json(row, value, target) && mark(row, target);
}
