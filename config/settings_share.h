/* The settings that are in force, for many who read them while a reload puts others in their place.
 *
 * Settings do not change: a reload brings others. Whoever reads some takes a reference, sees one state of all for as
 * long as it holds it, and gives it back; the last one frees them. Any thread. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_SHARE_H
#define FETCHPOOL_CONFIG_SETTINGS_SHARE_H

#include "base/err.h"
#include "config/settings.h"

struct settings_share;

/* Takes the settings, on errors too. ERR_NOMEM. */
enum err settings_share_create(struct settings *settings, struct settings_share **ret_share) ERR_MUST_CHECK;

/* All references were given back. Accepts NULL. */
void settings_share_destroy(struct settings_share *share);

/* Those in force now; settings_unref has to follow. */
const struct settings *settings_share_ref(struct settings_share *share);

/* One more reference to settings that the caller has one to. */
const struct settings *settings_ref(const struct settings *settings);

/* Accepts NULL. */
void settings_unref(const struct settings *settings);

/* From now on these are in force. Takes them. */
void settings_share_replace(struct settings_share *share, struct settings *fresh);

/* Told of a setting that another value was given for, which waits for a restart. */
typedef void settings_kept_fn(void *arg, const char *name);

/* What takes a restart stays in `fresh` as it is in `now`: its values there are those of `now` afterwards. `told` is
 * called for each that was another, in the order of the table. ERR_NOMEM: `fresh` is good for settings_destroy only. */
enum err settings_keep(struct settings *fresh, const struct settings *now, settings_kept_fn *told,
                       void *arg) ERR_MUST_CHECK;

#endif
