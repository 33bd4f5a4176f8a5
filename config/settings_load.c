#include "config/settings_load.h"

#include "config/settings_file.h"
#include "config/settings_place.h"
#include "config/settings_table.h"
#include "config/settings_text.h"
#include "config/settings_value.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_PREFIX "FETCHPOOL_"

enum { ERROR_BYTES = SETTINGS_PLACE_BYTES + SETTINGS_REASON_BYTES };

struct row_state {
    enum settings_source source;
    int line; /* in the file */
    settings_check_fn *check;
};

struct settings_loader {
    struct settings *values;
    struct row_state *states; /* one for each row of the table */
    char *path;
    char error[ERROR_BYTES];
};

__attribute__((format(printf, 2, 3))) static enum err refuse(struct settings_loader *l, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(l->error, sizeof l->error, format, args); /* a long message may be cut */
    va_end(args);
    return ERR_INVALID;
}

static enum err refuse_unknown(struct settings_loader *l, struct settings_place place, const char *name) {
    char shown[SETTINGS_NAME_BYTES], at[SETTINGS_PLACE_BYTES], variable[SETTINGS_VARIABLE_BYTES];
    settings_place_text(place, settings_place_printable(name, strlen(name), shown, sizeof shown), at);
    const char *meant = settings_table_suggest(name);
    if (!meant)
        return refuse(l, "%s: no such setting", at);
    if (place.source == SETTINGS_SOURCE_ENVIRONMENT) {
        settings_place_variable(meant, variable);
        meant = variable;
    }
    return refuse(l, "%s: no such setting; did you mean %s?", at, meant);
}

static struct row_state *state_of(const struct settings_loader *l, const struct settings_row *row) {
    return &l->states[row - settings_table];
}

static enum err refuse_item(const char *wrong, const char *item, struct settings_reason *ret_reason) {
    (void)snprintf(ret_reason->text, sizeof ret_reason->text, "%s, not \"%s\"", wrong, item);
    return ERR_INVALID;
}

static const char *check_items(const struct settings_loader *l, const struct settings_row *row, size_t from,
                               const char **ret_item) {
    settings_check_fn *check = state_of(l, row)->check;
    if (!check)
        return NULL;
    const struct settings_list *list = settings_row_list(row, l->values);
    for (size_t i = from; i < list->count; i++) {
        const char *wrong = check(list->items[i]);
        *ret_item = list->items[i];
        if (wrong)
            return wrong;
    }
    return NULL;
}

static enum err set_list(struct settings_loader *l, const struct settings_row *row, const char *text,
                         enum settings_source source, struct settings_reason *ret_reason) {
    if (state_of(l, row)->source != source)
        settings_value_clear_list(row, l->values);
    size_t from = settings_row_list(row, l->values)->count;
    enum err err = settings_value_read(row, text, l->values, ret_reason);
    if (err)
        return err;
    const char *item;
    const char *wrong = check_items(l, row, from, &item);
    return wrong ? refuse_item(wrong, item, ret_reason) : ERR_NONE;
}

static enum err set_other(struct settings_loader *l, const struct settings_row *row, const char *text,
                          struct settings_reason *ret_reason) {
    enum err err = settings_value_read(row, text, l->values, ret_reason);
    settings_check_fn *check = state_of(l, row)->check;
    const char *wrong = !err && check ? check(*settings_row_text(row, l->values)) : NULL;
    return wrong ? refuse_item(wrong, *settings_row_text(row, l->values), ret_reason) : err;
}

static enum err set_value(struct settings_loader *l, struct settings_place place, const char *name, const char *text) {
    const struct settings_row *row = settings_table_find(name);
    if (!row)
        return refuse_unknown(l, place, name);
    struct settings_reason reason;
    char at[SETTINGS_PLACE_BYTES];
    struct row_state *state = state_of(l, row);
    settings_place_text(place, name, at);
    bool again = state->source == place.source;
    if (again && place.source == SETTINGS_SOURCE_FILE && row->type != SETTINGS_TYPE_LIST)
        return refuse(l, "%s: given already in line %d", at, state->line);
    enum err err = row->type == SETTINGS_TYPE_LIST ? set_list(l, row, text, place.source, &reason)
                                                   : set_other(l, row, text, &reason);
    if (err == ERR_INVALID)
        return refuse(l, "%s: %s", at, reason.text);
    if (err)
        return err;
    state->source = place.source;
    state->line = place.line;
    return ERR_NONE;
}

static enum err set_defaults(struct settings_loader *l) {
    struct settings_reason reason;
    for (size_t i = 0; i < settings_table_count; i++) {
        enum err err = settings_value_read(&settings_table[i], settings_table[i].preset, l->values, &reason);
        assert(err != ERR_INVALID);
        if (err)
            return err;
    }
    return ERR_NONE;
}

enum err settings_loader_create(struct settings_loader **ret_loader) {
    enum err err = ERR_NOMEM;
    struct settings_loader *l = calloc(1, sizeof *l);
    if (l) {
        l->values = calloc(1, sizeof *l->values);
        l->states = calloc(settings_table_count, sizeof *l->states);
        if (l->values && l->states)
            err = set_defaults(l);
    }
    if (err) {
        settings_loader_destroy(l);
        return err;
    }
    *ret_loader = l;
    return ERR_NONE;
}

void settings_loader_destroy(struct settings_loader *l) {
    if (!l)
        return;
    settings_destroy(l->values);
    free(l->states);
    free(l->path);
    free(l);
}

static const struct settings_row *known_row(const char *name) {
    const struct settings_row *row = settings_table_find(name);
    assert(row);
    return row;
}

void settings_load_check(struct settings_loader *l, const char *key, settings_check_fn *check) {
    const struct settings_row *row = known_row(key);
    assert(row->type == SETTINGS_TYPE_LIST || row->type == SETTINGS_TYPE_TEXT);
    state_of(l, row)->check = check;
}

static enum err check_section(struct settings_loader *l, int line, const char *section) {
    char shown[SETTINGS_NAME_BYTES];
    if (settings_table_has_section(section, strlen(section)))
        return ERR_NONE;
    (void)settings_place_printable(section, strlen(section), shown, sizeof shown);
    const struct settings_row *meant = settings_table_suggest_section(section);
    if (!meant)
        return refuse(l, "%s:%d: no such section [%s]", l->path, line, shown);
    return refuse(l, "%s:%d: no such section [%s]; did you mean [%.*s]?", l->path, line, shown,
                  (int)settings_row_section_len(meant), meant->name);
}

static enum err take_line(void *arg, int line, const char *section, const char *key, const char *value) {
    struct settings_loader *l = arg;
    char name[SETTINGS_NAME_BYTES];
    if (!key)
        return check_section(l, line, section);
    if (section[0] == '\0')
        return refuse(l, "%s:%d: %s: stands before the first [section]", l->path, line,
                      settings_place_printable(key, strlen(key), name, sizeof name));
    (void)snprintf(name, sizeof name, "%s.%s", section, key); /* a name that is cut is unknown too */
    return set_value(l, (struct settings_place){SETTINGS_SOURCE_FILE, l->path, line}, name, value);
}

enum err settings_load_file(struct settings_loader *l, const char *path) {
    char *copy = strdup(path);
    if (!copy)
        return ERR_NOMEM;
    free(l->path);
    l->path = copy;
    struct settings_file_error wrong;
    enum err err = settings_file_read(path, take_line, l, &wrong);
    if (err == ERR_IO) {
        int read_errno = errno;
        (void)refuse(l, "%s: %s", path, strerror(read_errno));
        errno = read_errno;
    }
    if (err == ERR_INVALID && wrong.reason)
        return refuse(l, "%s:%d: %s", path, wrong.line, wrong.reason);
    return err;
}

/* "POOL_MAX_CONCURRENT" becomes "pool.max_concurrent": sections have no '_'. False when the section is not ours. */
static bool name_of_variable(const char *variable, size_t len, char ret_name[SETTINGS_NAME_BYTES]) {
    bool in_section = true;
    size_t n = len < SETTINGS_NAME_BYTES - 1 ? len : SETTINGS_NAME_BYTES - 1;
    for (size_t i = 0; i < n; i++) {
        char c = variable[i];
        if (c >= 'a' && c <= 'z')
            return false;
        ret_name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        if (c == '_' && in_section) {
            ret_name[i] = '.';
            in_section = false;
        }
    }
    ret_name[n] = '\0';
    return !in_section && settings_table_has_section(ret_name, strcspn(ret_name, "."));
}

static enum err load_variable(struct settings_loader *l, const char *variable) {
    char name[SETTINGS_NAME_BYTES];
    size_t prefix_len = strlen(ENVIRONMENT_PREFIX);
    const char *equals = strchr(variable, '=');
    if (!equals || strncmp(variable, ENVIRONMENT_PREFIX, prefix_len) != 0)
        return ERR_NONE;
    if (!name_of_variable(variable + prefix_len, (size_t)(equals - variable) - prefix_len, name))
        return ERR_NONE;
    return set_value(l, (struct settings_place){.source = SETTINGS_SOURCE_ENVIRONMENT}, name, equals + 1);
}

enum err settings_load_environment(struct settings_loader *l, char *const *environment) {
    for (; *environment; environment++) {
        enum err err = load_variable(l, *environment);
        if (err)
            return err;
    }
    return ERR_NONE;
}

enum err settings_load_assignment(struct settings_loader *l, const char *assignment) {
    char name[SETTINGS_NAME_BYTES];
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return refuse(l, "command line: \"%s\" is not section.key=value",
                      settings_place_printable(assignment, strlen(assignment), name, sizeof name));
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - assignment),
                   assignment); /* a name that is cut is unknown too */
    return set_value(l, (struct settings_place){.source = SETTINGS_SOURCE_COMMAND_LINE}, name, equals + 1);
}

static bool was_given(const struct row_state *state) {
    return state->source != SETTINGS_SOURCE_DEFAULT && state->source != SETTINGS_SOURCE_FITTED;
}

static struct settings_place place_of(const struct settings_loader *l, const struct settings_row *row) {
    const struct row_state *state = state_of(l, row);
    return (struct settings_place){state->source, l->path, state->line};
}

static enum err refuse_above(struct settings_loader *l, const struct settings_row *row,
                             const struct settings_row *limit) {
    char at[SETTINGS_PLACE_BYTES];
    struct buf b;
    buf_init(&b, SETTINGS_REASON_BYTES);
    settings_place_text(place_of(l, row), row->name, at);
    enum err err = settings_text_value(row, l->values, &b);
    if (!err)
        err = buf_printf(&b, " is above %s, which is ", limit->name);
    if (!err)
        err = settings_text_value(limit, l->values, &b);
    if (!err)
        err = refuse(l, "%s: %.*s", at, (int)b.len, b.data);
    buf_fini(&b);
    return err;
}

static enum err keep_below(struct settings_loader *l, const char *name, const char *limit_name) {
    const struct settings_row *row = known_row(name), *limit = known_row(limit_name);
    int64_t limit_value = *settings_row_number(limit, l->values);
    if (*settings_row_number(row, l->values) <= limit_value)
        return ERR_NONE;
    if (was_given(state_of(l, row)))
        return refuse_above(l, row, limit);
    settings_load_fit(l, name, limit_value);
    return ERR_NONE;
}

/* It can be emptied: "server.listen=". */
static enum err check_listen(struct settings_loader *l) {
    char at[SETTINGS_PLACE_BYTES];
    if (l->values->server.listen.count > 0)
        return ERR_NONE;
    settings_place_text(place_of(l, known_row("server.listen")), "server.listen", at);
    return refuse(l, "%s: must have an address at least", at);
}

enum err settings_load_finish(struct settings_loader *l) {
    static const struct {
        const char *name;
        const char *limit;
    } pairs[] = {
        {"pool.max_concurrent", "pool.max_concurrent_limit"},
        {"host.max_concurrent", "host.max_concurrent_limit"},
        {"fetch.timeout", "fetch.timeout_limit"},
        {"fetch.connect_timeout", "fetch.timeout_limit"},
        {"fetch.max_size", "fetch.max_size_limit"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        enum err err = keep_below(l, pairs[i].name, pairs[i].limit);
        if (err)
            return err;
    }
    return check_listen(l);
}

void settings_load_fit(struct settings_loader *l, const char *key, int64_t value) {
    const struct settings_row *row = known_row(key);
    assert(!was_given(state_of(l, row)) && value >= row->min && value <= row->max);
    *settings_row_number(row, l->values) = value;
    state_of(l, row)->source = SETTINGS_SOURCE_FITTED;
}

const char *settings_loader_error(const struct settings_loader *l) {
    return l->error;
}

enum settings_source settings_loader_source(const struct settings_loader *l, const char *key) {
    return state_of(l, known_row(key))->source;
}

const struct settings *settings_loader_values(const struct settings_loader *l) {
    return l->values;
}

struct settings *settings_take(struct settings_loader *l) {
    struct settings *values = l->values;
    l->values = NULL;
    return values;
}
