/* File descriptors: the settings must fit into what the process may open.
 *
 * The need is counted as if all came together: a descriptor for each client connection, one for each worker (a second
 * attempt at connecting), 3 for each handle (its wake-up pair and its connection) 64 for clients that are let in to be
 * refused, and 64 for the rest. Handles in use and idle ones together are never more than pool.handles or pool.workers,
 * whichever is larger. With the defaults that is 7552.
 *
 * When it is more than the hard limit, what the operator set stays, and what is left of the limit is shared by
 * server.max_connections, pool.workers and pool.handles, as far as they are defaults, in proportion to these defaults.
 * When that leaves one of them less than 8, or all three were set, the settings are refused with the numbers. */
#ifndef FETCHPOOL_DAEMON_LIMITS_H
#define FETCHPOOL_DAEMON_LIMITS_H

#include "base/err.h"
#include "config/settings_load.h"

#include <stdint.h>

enum { LIMITS_MESSAGE_BYTES = 384 };

/* One line without a newline, empty when there is nothing to say. */
struct limits_message {
    char text[LIMITS_MESSAGE_BYTES];
};

/* Makes the loaded settings fit into `files` descriptors, by the rule above; between settings_load_finish and
 * settings_take. `ret_message` is written in any case: a warning when defaults were lowered, the reason for
 * ERR_LIMIT. */
enum err limits_fit(struct settings_loader *l, int64_t files, struct limits_message *ret_message) ERR_MUST_CHECK;

#endif
