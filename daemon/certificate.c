#include "daemon/certificate.h"

#include "base/log.h"

#include <stdio.h>
#include <time.h>

static enum err refuse_half(char ret_error[TLS_ERROR_BYTES]) {
    (void)snprintf(ret_error, TLS_ERROR_BYTES, "server.tls_cert and server.tls_key belong together: one is empty");
    return ERR_INVALID;
}

enum err certificate_read(const struct settings *settings, struct tls_pair **ret_pair,
                          char ret_error[TLS_ERROR_BYTES]) {
    const char *cert = settings->server.tls_cert, *key = settings->server.tls_key;
    *ret_pair = NULL;
    ret_error[0] = '\0';
    if (!*cert && !*key)
        return ERR_NONE;
    if (!*cert || !*key)
        return refuse_half(ret_error);
    enum err err = tls_pair_read(cert, key, ret_pair, ret_error);
    if (!err && tls_pair_expires_at(*ret_pair) < (int64_t)time(NULL))
        log_warning("the certificate of the front end is over: clients will refuse it", log_text("file", cert));
    return err;
}
