/* The certificate that the front end shows, and its key: read from files, changed while it runs.
 *
 * A new pair holds for handshakes from then on; connections that are open keep theirs. */
#ifndef FETCHPOOL_API_TLS_H
#define FETCHPOOL_API_TLS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* libmicrohttpd's MHD_OPTION_HTTPS_PRIORITIES: TLS 1.2 and 1.3, forward secrecy, authenticated encryption. */
#define TLS_PRIORITIES                                                                                                 \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"             \
    "+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

enum { TLS_ERROR_BYTES = 384 };

struct tls;

/* A certificate with its chain, and the key. */
struct tls_pair;

/* Without a pair. ERR_NOMEM. */
enum err tls_create(struct tls **ret_tls) ERR_MUST_CHECK;

/* Nobody shakes hands any more. Accepts NULL. */
void tls_destroy(struct tls *t);

/* Reads PEM files; the caller owns the pair until tls_use or tls_pair_destroy. ERR_INVALID, ERR_IO: with one line in
 * `ret_error`; ERR_NOMEM. Blocks on the disk. */
enum err tls_pair_read(const char *cert_path, const char *key_path, struct tls_pair **ret_pair,
                       char ret_error[TLS_ERROR_BYTES]) ERR_MUST_CHECK;

/* Accepts NULL. */
void tls_pair_destroy(struct tls_pair *pair);

/* When the certificate ends, in seconds since 1970. */
int64_t tls_pair_expires_at(const struct tls_pair *pair);

/* Shows this pair from now on. Takes it, and keeps those before for handshakes under way, until tls_destroy. One thread
 * at a time. */
void tls_use(struct tls *t, struct tls_pair *pair);

/* What the library shows. */
struct tls_shown {
    void *chain; /* an array of gnutls_pcert_st */
    unsigned count;
    void *key; /* a gnutls_privkey_t */
};

/* The pair in use; borrowed until tls_destroy. Any thread. */
struct tls_shown tls_show(const struct tls *t);

/* Shakes hands over a connected socket as a client that trusts whoever answers, and sends these bytes: for connections
 * to ourselves. Waits, some seconds at most. ERR_NOMEM, ERR_LIBRARY. */
enum err tls_send_as_client(int fd, const void *bytes, size_t len) ERR_MUST_CHECK;

#endif
