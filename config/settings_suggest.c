#include "base/edits.h"
#include "config/settings_table.h"

#include <string.h>

/* A right key in a wrong section is as close as one edit. */
static size_t distance(const struct settings_row *row, const char *name) {
    const char *dot = strchr(name, '.');
    if (dot && strcmp(dot + 1, settings_row_key(row)) == 0)
        return 1;
    return edits_between(name, strlen(name), row->name, strlen(row->name));
}

const char *settings_table_suggest(const char *name) {
    const char *best = NULL;
    size_t best_distance = EDITS_FAR;
    for (size_t i = 0; i < settings_table_count; i++) {
        size_t d = distance(&settings_table[i], name);
        if (d < best_distance) {
            best_distance = d;
            best = settings_table[i].name;
        }
    }
    return best;
}

const struct settings_row *settings_table_suggest_section(const char *section) {
    const struct settings_row *best = NULL;
    size_t best_distance = EDITS_FAR - 1;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct settings_row *row = &settings_table[i];
        size_t d = edits_between(section, strlen(section), row->name, settings_row_section_len(row));
        if (d < best_distance) {
            best_distance = d;
            best = row;
        }
    }
    return best;
}
