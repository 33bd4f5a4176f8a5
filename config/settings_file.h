/* Reads the lines of a settings file (INI), for config/ only. What they mean is the caller's business. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_FILE_H
#define FETCHPOOL_CONFIG_SETTINGS_FILE_H

#include "base/err.h"

/* Called for each [section] (`key` and `value` are NULL) and each `key = value`; the texts are borrowed for the call.
 * Anything but ERR_NONE ends the reading. */
typedef enum err settings_file_fn(void *arg, int line, const char *section, const char *key, const char *value);

/* Where and why the file itself is wrong. */
struct settings_file_error {
    int line;
    const char *reason; /* static; NULL when `each` refused the line */
};

/* Blocks on the disk. ERR_IO when the file cannot be read (errno tells why); ERR_INVALID for a line that is no INI,
 * with `ret_error`; and what `each` returned. */
enum err settings_file_read(const char *path, settings_file_fn *each, void *arg,
                            struct settings_file_error *ret_error) ERR_MUST_CHECK;

#endif
