/* Reads the settings from their sources.
 *
 * Values come from the table, then a settings file (INI), then the environment (FETCHPOOL_SECTION_KEY), then the
 * command line (section.key=value): each source overrides the one before. A list is replaced by the first value that a
 * source has for it; further values of the same source add to it. Unknown names are refused, in the environment those
 * that begin with a known section. Not thread-safe. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_LOAD_H
#define FETCHPOOL_CONFIG_SETTINGS_LOAD_H

#include "base/err.h"
#include "config/settings.h"

/* Where a value came from. FITTED is a default that was lowered, to another setting or to what the system has. */
enum settings_source {
    SETTINGS_SOURCE_DEFAULT,
    SETTINGS_SOURCE_FITTED,
    SETTINGS_SOURCE_FILE,
    SETTINGS_SOURCE_ENVIRONMENT,
    SETTINGS_SOURCE_COMMAND_LINE,
};

struct settings_loader;

/* A loader that holds the defaults. ERR_NOMEM. */
enum err settings_loader_create(struct settings_loader **ret_loader) ERR_MUST_CHECK;

/* Accepts NULL. Settings that were taken out live on. */
void settings_loader_destroy(struct settings_loader *l);

/* NULL when the text is right, else what it must be, as "must be an address prefix like 10.0.0.0/8"; static. */
typedef const char *settings_check_fn(const char *text);

/* Has the text `key`, or each item of the list `key` ("guard.allow"), looked at by `check` when it is loaded, so that
 * its errors name their place. For what only other folders understand. Call it before the sources. */
void settings_load_check(struct settings_loader *l, const char *key, settings_check_fn *check);

/* Each adds the values of one source; to be called in the order of their precedence. On an error settings_loader_error
 * names the place, the key and what would be right. ERR_INVALID, ERR_NOMEM; ERR_IO when the file cannot be read (errno
 * tells why). */
enum err settings_load_file(struct settings_loader *l, const char *path) ERR_MUST_CHECK;
enum err settings_load_environment(struct settings_loader *l, char *const *environment) ERR_MUST_CHECK;

/* `assignment` is "section.key=value", from the command line. ERR_INVALID, ERR_NOMEM. */
enum err settings_load_assignment(struct settings_loader *l, const char *assignment) ERR_MUST_CHECK;

/* Checks what concerns two settings, such as fetch.timeout and fetch.timeout_limit: a default is lowered to its limit,
 * a value that was given is refused. ERR_INVALID. */
enum err settings_load_finish(struct settings_loader *l) ERR_MUST_CHECK;

/* Lowers the default of the number `key` to `value`, which is within its range, since the system has no room for
 * more. */
void settings_load_fit(struct settings_loader *l, const char *key, int64_t value);

/* One line without a newline; "" before the first error. Borrowed until the next call with this loader. */
const char *settings_loader_error(const struct settings_loader *l);

enum settings_source settings_loader_source(const struct settings_loader *l, const char *key);

/* The values; borrowed until settings_take or settings_loader_destroy. */
const struct settings *settings_loader_values(const struct settings_loader *l);

/* Gives the values out: the caller owns them and calls settings_destroy. The loader is good for settings_loader_destroy
 * only. */
struct settings *settings_take(struct settings_loader *l);

#endif
