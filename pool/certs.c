#include "pool/certs.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct certs {
    pthread_mutex_t lock; /* of what is below, until it is loaded */
    X509_STORE *store;
    bool is_loaded;
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

static void load(struct certs *c, const char *bundle) {
    c->is_empty = !bundle || X509_STORE_load_file(c->store, bundle) != 1;
    c->is_loaded = true;
    ERR_clear_error();
}

enum err certs_create(const char *ca_file, struct certs **ret_certs) {
    struct certs *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    (void)pthread_mutex_init(&c->lock, NULL);
    enum err err = (c->store = X509_STORE_new()) ? ERR_NONE : ERR_NOMEM;
    if (!err && *ca_file) {
        load(c, ca_file);
        err = c->is_empty ? ERR_IO : ERR_NONE;
    }
    if (err) {
        ERR_clear_error();
        certs_destroy(c);
        return err;
    }
    *ret_certs = c;
    return ERR_NONE;
}

static void ensure_loaded(struct certs *c) {
    (void)pthread_mutex_lock(&c->lock);
    if (!c->is_loaded) {
        char *bundle = default_bundle();
        load(c, bundle);
        free(bundle);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

void certs_destroy(struct certs *c) {
    if (!c)
        return;
    X509_STORE_free(c->store);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

bool certs_are_empty(struct certs *c) {
    ensure_loaded(c);
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
    ensure_loaded(c);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, NULL);
    SSL_CTX_set1_cert_store(ssl_ctx, c->store);
}
