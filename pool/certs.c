#include "pool/certs.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct certs {
    pthread_mutex_t lock; /* guards all below */
    X509_STORE *store;
    bool is_loaded;
    bool is_empty;
};

static bool is_out_of_memory(void) {
    bool is_so = false;
    for (unsigned long error = ERR_get_error(); error; error = ERR_get_error())
        is_so = is_so || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return is_so;
}

/* OpenSSL works out what a certificate may be used for when it first wants to know, and takes one for invalid for good
 * for which it has no memory then. False: that has happened. */
static bool work_out(X509_STORE *store) {
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (certificate && X509_check_purpose(certificate, -1, 0) != 1 && is_out_of_memory())
            return false;
    }
    return true;
}

/* All of it or nothing. */
static bool load(struct certs *c, const char *bundle) {
    X509_STORE *store = X509_STORE_new();
    bool loaded = store && X509_STORE_load_file(store, bundle) == 1 && work_out(store);
    if (loaded) {
        X509_STORE_free(c->store);
        c->store = store;
    } else {
        X509_STORE_free(store);
    }
    ERR_clear_error();
    c->is_empty = !loaded;
    return loaded;
}

/* What fails in passing, for want of memory or descriptors, is tried again when it is needed next. */
static bool load_default(struct certs *c) {
    CURL *easy = curl_easy_init();
    const char *path = NULL;
    if (!easy)
        return false;
    (void)curl_easy_getinfo(easy, CURLINFO_CAINFO, &path); /* leaves NULL when there is none */
    bool settled = !path || load(c, path) || (access(path, F_OK) != 0 && errno == ENOENT);
    curl_easy_cleanup(easy);
    return settled;
}

enum err certs_create(const char *ca_file, struct certs **ret_certs) {
    struct certs *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    (void)pthread_mutex_init(&c->lock, NULL);
    enum err err = (c->store = X509_STORE_new()) ? ERR_NONE : ERR_NOMEM;
    c->is_empty = true;
    c->is_loaded = *ca_file;
    if (!err && *ca_file)
        err = load(c, ca_file) ? ERR_NONE : ERR_IO;
    if (err) {
        ERR_clear_error();
        certs_destroy(c);
        return err;
    }
    *ret_certs = c;
    return ERR_NONE;
}

/* Gives whether there are any. */
static bool ensure_loaded(struct certs *c) {
    (void)pthread_mutex_lock(&c->lock);
    if (!c->is_loaded)
        c->is_loaded = load_default(c);
    bool any = !c->is_empty;
    (void)pthread_mutex_unlock(&c->lock);
    return any;
}

void certs_destroy(struct certs *c) {
    if (!c)
        return;
    X509_STORE_free(c->store);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

bool certs_are_empty(struct certs *c) {
    return !ensure_loaded(c);
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
    (void)ensure_loaded(c);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, NULL);
    (void)pthread_mutex_lock(&c->lock);
    SSL_CTX_set1_cert_store(ssl_ctx, c->store);
    (void)pthread_mutex_unlock(&c->lock);
}
