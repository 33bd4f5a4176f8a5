#include "config/settings_table.h"

#include <string.h>

enum { SUGGEST_MAX_BYTES = 48, SUGGEST_MAX_EDITS = 3 };

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein distance, one row of its matrix at a time; texts that are too long are far away. */
static size_t edits_between(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t row[SUGGEST_MAX_BYTES + 1];
    if (a_len > SUGGEST_MAX_BYTES || b_len > SUGGEST_MAX_BYTES)
        return SUGGEST_MAX_BYTES;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

/* A right key in a wrong section is as close as one edit. */
static size_t distance(const struct settings_row *row, const char *name) {
    const char *dot = strchr(name, '.');
    if (dot && strcmp(dot + 1, settings_row_key(row)) == 0)
        return 1;
    return edits_between(name, strlen(name), row->name, strlen(row->name));
}

const char *settings_table_suggest(const char *name) {
    const char *best = NULL;
    size_t best_distance = SUGGEST_MAX_EDITS + 1;
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
    size_t best_distance = SUGGEST_MAX_EDITS;
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
