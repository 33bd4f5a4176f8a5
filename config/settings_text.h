/* Values and ranges of settings as text, for config/ only. Each function fails with ERR_LIMIT or ERR_NOMEM of its
 * buffer. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_TEXT_H
#define FETCHPOOL_CONFIG_SETTINGS_TEXT_H

#include "base/buf.h"
#include "config/settings_table.h"

enum { SETTINGS_SIZE_UNITS = 4 };

/* The largest first, the last is "" for bytes. */
struct settings_size_unit {
    const char *text;
    int64_t bytes;
};
extern const struct settings_size_unit settings_size_units[SETTINGS_SIZE_UNITS];

/* The member of `s` as settings_value_read takes it; a list with ", " between its items. */
enum err settings_text_value(const struct settings_row *row, const struct settings *s, struct buf *out) ERR_MUST_CHECK;

/* The same for a number that is in no settings, such as a row's minimum. */
enum err settings_text_number(enum settings_type type, int64_t value, struct buf *out) ERR_MUST_CHECK;

/* What may be given: "1 to 10000", "0 to 3600 seconds", "error, warning, info or debug". */
enum err settings_text_range(const struct settings_row *row, struct buf *out) ERR_MUST_CHECK;

#endif
