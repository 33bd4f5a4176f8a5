/* Who may connect to a Unix socket: the mode and the owner of its file, server.unix_mode and server.unix_owner. */
#ifndef FETCHPOOL_DAEMON_UNIX_ACCESS_H
#define FETCHPOOL_DAEMON_UNIX_ACCESS_H

#include "base/err.h"

#include <sys/types.h>

struct unix_access {
    mode_t mode;
    uid_t uid; /* (uid_t)-1: as it is */
    gid_t gid; /* (gid_t)-1: as it is */
};

/* What a mode or an owner must be, or NULL when it looks right; nothing is looked up. Fit settings_load_check. */
const char *unix_access_check_mode(const char *mode);
const char *unix_access_check_owner(const char *owner);

/* `mode` is octal; `owner` is "user", "user:group", ":group" or "", each a name or a number. Looks names up,
 * getpwnam(3); may block. ERR_INVALID: there is no such user or group, or one of the checks fails; ERR_NOMEM. */
enum err unix_access_read(const char *mode, const char *owner, struct unix_access *ret_access) ERR_MUST_CHECK;

#endif
