/* The table of settings, for config/ only: a row says everything about a setting. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_TABLE_H
#define FETCHPOOL_CONFIG_SETTINGS_TABLE_H

#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type decides the member of struct settings: a list, an int64_t (bytes, number, milliseconds), a text, or an
 * enum. */
enum settings_type {
    SETTINGS_TYPE_LIST,
    SETTINGS_TYPE_SIZE,
    SETTINGS_TYPE_COUNT,
    SETTINGS_TYPE_SECONDS,
    SETTINGS_TYPE_TEXT,
    SETTINGS_TYPE_CHOICE,
};

/* When a value that was changed is in force. */
enum settings_when { SETTINGS_BY_RELOAD = 1, SETTINGS_BY_RESTART };

/* A settings file's line has room for 197 bytes in inih; key and value have to fit into one. */
enum { SETTINGS_TEXT_MAX_BYTES = 160 };

struct settings_row {
    const char *name; /* "section.key" */
    enum settings_type type;
    size_t offset;      /* in struct settings */
    const char *preset; /* the default, as it would be written in a file */
    int64_t min;        /* of the member; for a list of its number of items, for a text of its bytes */
    int64_t max;
    const char *const *choices; /* SETTINGS_TYPE_CHOICE: the names of the enum's values, NULL at the end */
    const char *help;           /* one sentence without a full stop */
    enum settings_when when;
};

extern const struct settings_row settings_table[];
extern const size_t settings_table_count;

/* The row of "section.key", or NULL. */
const struct settings_row *settings_table_find(const char *name);

bool settings_table_has_section(const char *section, size_t len);

/* Bytes of the row's section, which its name begins with. */
size_t settings_row_section_len(const struct settings_row *row);

/* The part of the name behind the section and the dot. */
const char *settings_row_key(const struct settings_row *row);

/* The known name that `name` ("section.key") is probably meant to be, or NULL. */
const char *settings_table_suggest(const char *name);

/* A row whose section is probably meant by `section`, or NULL. */
const struct settings_row *settings_table_suggest_section(const char *section);

/* The member of `s` that belongs to the row; of that type only. */
int64_t *settings_row_number(const struct settings_row *row, struct settings *s);
char **settings_row_text(const struct settings_row *row, struct settings *s);
struct settings_list *settings_row_list(const struct settings_row *row, struct settings *s);
const struct settings_list *settings_row_list_const(const struct settings_row *row, const struct settings *s);
int settings_row_choice(const struct settings_row *row, const struct settings *s);
void settings_row_set_choice(const struct settings_row *row, int choice, struct settings *s);

#endif
