/* Writes the settings for people: the dump, the help, the sample file, the manual page and docs/settings.md. Each
 * function appends to `out` and fails with its ERR_LIMIT or ERR_NOMEM. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_PRINT_H
#define FETCHPOOL_CONFIG_SETTINGS_PRINT_H

#include "base/buf.h"
#include "config/settings_load.h"

/* The loader's values as a settings file that reads back to the same values; each with its help, range and default and,
 * where it is not the default, its source as comments. */
enum err settings_print_dump(const struct settings_loader *l, struct buf *out) ERR_MUST_CHECK;

/* For --help: each setting with its default and its help. */
enum err settings_print_help(struct buf *out) ERR_MUST_CHECK;

/* The sample file: all settings with their defaults, commented out. */
enum err settings_print_sample(struct buf *out) ERR_MUST_CHECK;

/* The list of settings for fetchpool.conf(5), in mdoc(7). */
enum err settings_print_man(struct buf *out) ERR_MUST_CHECK;

/* docs/settings.md, whole. */
enum err settings_print_page(struct buf *out) ERR_MUST_CHECK;

#endif
