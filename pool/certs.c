#include "pool/certs.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct certs {
    X509_STORE *store;
    bool is_empty;
};

static char *default_bundle(void) {
    CURL *easy = curl_easy_init();
    const char *path = NULL;
    if (easy)
        (void)curl_easy_getinfo(easy, CURLINFO_CAINFO, &path); /* leaves NULL when there is none */
    char *copy = path ? strdup(path) : NULL;
    curl_easy_cleanup(easy);
    return copy;
}

enum err certs_create(const char *ca_file, struct certs **ret_certs) {
    char *bundle = *ca_file ? strdup(ca_file) : default_bundle();
    struct certs *c = calloc(1, sizeof *c);
    enum err err = c ? ERR_NONE : ERR_NOMEM;
    if (!err && !(c->store = X509_STORE_new()))
        err = ERR_NOMEM;
    if (!err)
        c->is_empty = !bundle || X509_STORE_load_file(c->store, bundle) != 1;
    if (!err && c->is_empty && *ca_file)
        err = ERR_IO;
    ERR_clear_error();
    free(bundle);
    if (err) {
        certs_destroy(c);
        return err;
    }
    *ret_certs = c;
    return ERR_NONE;
}

void certs_destroy(struct certs *c) {
    if (!c)
        return;
    X509_STORE_free(c->store);
    free(c);
}

bool certs_are_empty(const struct certs *c) {
    return c->is_empty;
}

/* What the check leaves in OpenSSL's queue of errors would be told instead of the failed check itself. */
static int verify(X509_STORE_CTX *context, void *arg) {
    (void)arg;
    int verified = X509_verify_cert(context);
    if (verified <= 0)
        ERR_clear_error();
    return verified;
}

void certs_apply(struct certs *c, void *ssl_ctx) {
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, NULL);
    SSL_CTX_set1_cert_store(ssl_ctx, c->store);
}
