/* The certificate authorities that servers are verified against, parsed once and shared by all connections.
 *
 * Without this, libcurl parses the whole bundle again for each new TLS connection (some 30 ms of CPU and 0.8 MB
 * each). */
#ifndef FETCHPOOL_POOL_CERTS_H
#define FETCHPOOL_POOL_CERTS_H

#include "base/err.h"

#include <stdbool.h>

struct certs;

/* Reads a PEM bundle. With "" it is the one that libcurl was built for, and read when it is first needed: a command
 * line without https does not pay for it. If that does not exist no server is trusted. ERR_IO: the named bundle cannot
 * be read or holds no certificate. ERR_NOMEM. */
enum err certs_create(const char *ca_file, struct certs **ret_certs) ERR_MUST_CHECK;

/* Accepts NULL. Connections keep what they use. */
void certs_destroy(struct certs *c);

/* No authority is known: every https fetch will end as tls_verify. Any thread. */
bool certs_are_empty(struct certs *c);

/* Makes an OpenSSL context (SSL_CTX *) verify against these. Any thread. */
void certs_apply(struct certs *c, void *ssl_ctx);

#endif
