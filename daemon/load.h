/* Loads the settings from where the command line says: at the start, and again at a reload. */
#ifndef FETCHPOOL_DAEMON_LOAD_H
#define FETCHPOOL_DAEMON_LOAD_H

#include "config/settings_load.h"
#include "daemon/options.h"
#include "daemon/service.h"

/* The settings file, the environment, then the command line. On success the caller destroys `*ret_loader`; else
 * `ret_error` is one line that names the place. */
enum service_exit load_settings(const struct options *o, struct settings_loader **ret_loader,
                                char ret_error[SERVICE_ERROR_BYTES]);

#endif
