/* The certificate of the front end, as the settings name it. */
#ifndef FETCHPOOL_DAEMON_CERTIFICATE_H
#define FETCHPOOL_DAEMON_CERTIFICATE_H

#include "api/tls.h"
#include "base/err.h"
#include "config/settings.h"

/* Reads the files of server.tls_cert and server.tls_key; a certificate that is over is warned of. The caller owns the
 * pair; NULL when both settings are empty. ERR_INVALID, ERR_IO: `ret_error` is one line; ERR_NOMEM. */
enum err certificate_read(const struct settings *settings, struct tls_pair **ret_pair,
                          char ret_error[TLS_ERROR_BYTES]) ERR_MUST_CHECK;

#endif
