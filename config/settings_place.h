/* Where a value stands, as messages name it. For config/ only. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_PLACE_H
#define FETCHPOOL_CONFIG_SETTINGS_PLACE_H

#include "config/settings_load.h"

#include <stddef.h>

enum { SETTINGS_NAME_BYTES = 64, SETTINGS_VARIABLE_BYTES = 80, SETTINGS_PLACE_BYTES = 512 };

struct settings_place {
    enum settings_source source;
    const char *path; /* of SETTINGS_SOURCE_FILE, as `line` */
    int line;
};

/* "FILE:12: pool.workers", "environment: FETCHPOOL_POOL_WORKERS", "command line: pool.workers"; cut when it is too
 * long. */
void settings_place_text(struct settings_place place, const char *name, char ret_text[SETTINGS_PLACE_BYTES]);

/* "FETCHPOOL_POOL_WORKERS" for "pool.workers". */
void settings_place_variable(const char *name, char ret_variable[SETTINGS_VARIABLE_BYTES]);

/* The beginning of `len` bytes with '?' for whatever is not printable ASCII, and "..." when it was cut; returns
 * `ret_text`, which has `size` bytes, 4 at least. */
const char *settings_place_printable(const char *text, size_t len, char *ret_text, size_t size);

#endif
