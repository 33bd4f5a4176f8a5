/* Reads one value into its member, by the type of its row. For config/ only. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_VALUE_H
#define FETCHPOOL_CONFIG_SETTINGS_VALUE_H

#include "base/err.h"
#include "config/settings_table.h"

enum { SETTINGS_REASON_BYTES = 384 };

/* Why a text is refused, to be put behind the name of the setting: "must be 1 to 16, not "0"". */
struct settings_reason {
    char text[SETTINGS_REASON_BYTES];
};

/* Replaces the member by what `text` says; a list gets its items (between commas) in addition. Blanks around the text
 * are not part of it. On an error the member is as it was. ERR_INVALID, with the reason; ERR_NOMEM. */
enum err settings_value_read(const struct settings_row *row, const char *text, struct settings *s,
                             struct settings_reason *ret_reason) ERR_MUST_CHECK;

/* Empties a list. */
void settings_value_clear_list(const struct settings_row *row, struct settings *s);

#endif
