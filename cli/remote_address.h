/* Where a daemon is, and the token that it is shown. */
#ifndef FETCHPOOL_CLI_REMOTE_ADDRESS_H
#define FETCHPOOL_CLI_REMOTE_ADDRESS_H

#include "base/err.h"
#include "cli/option_table.h"

enum { REMOTE_URL_BYTES = 1024, REMOTE_SOCKET_BYTES = 108, REMOTE_TOKEN_BYTES = 513 };

struct remote_address {
    char url[REMOTE_URL_BYTES];       /* of /fetch */
    char socket[REMOTE_SOCKET_BYTES]; /* "": the URL says where it is */
    char token[REMOTE_TOKEN_BYTES];   /* "": none is shown */
};

/* Reads --server ("http://host:port", "https://host", "host:port" or "unix:/path") and the token: of --token-file, else
 * of FETCHPOOL_TOKEN in the environment. ERR_INVALID, ERR_IO, ERR_NOMEM: `ret_error` says what is wrong. */
enum err remote_address_read(const struct cli_options *options, struct remote_address *ret_address,
                             char ret_error[CLI_ERROR_BYTES]) ERR_MUST_CHECK;

#endif
