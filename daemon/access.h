/* Who is let in: the tokens, and that no door stands open to the network by mistake. */
#ifndef FETCHPOOL_DAEMON_ACCESS_H
#define FETCHPOOL_DAEMON_ACCESS_H

#include "api/auth.h"
#include "base/err.h"
#include "config/settings.h"
#include "daemon/listen.h"

enum { ACCESS_ERROR_BYTES = 512 };

/* Reads auth.token_file, and refuses sockets beyond loopback when requests without a token would be served there but
 * auth.allow_anonymous does not say so. The caller owns the policy. ERR_INVALID and ERR_IO, with one line for the
 * operator; ERR_NOMEM. */
enum err access_prepare(const struct settings *settings, const struct listen_sockets *sockets,
                        struct auth_policy **ret_policy, char ret_error[ACCESS_ERROR_BYTES]) ERR_MUST_CHECK;

/* The same for the addresses of server.listen, as far as it can be told without opening them. */
enum err access_check(const struct settings *settings, char ret_error[ACCESS_ERROR_BYTES]) ERR_MUST_CHECK;

/* Reached from this machine alone: loopback, or a Unix socket. False when it cannot be told. */
bool access_is_local(int fd);

#endif
