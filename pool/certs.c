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

static bool is_sound(X509 *certificate) {
    return X509_check_purpose(certificate, -1, 0) == 1 && X509_get0_pubkey(certificate);
}

/* OpenSSL works out what a certificate may be used for, and its key, when it first wants to know, and takes it for
 * invalid for good when there is no memory for that, which it need not say. One that is broken has broken copies. */
static bool is_as_read(X509 *certificate) {
    if (is_sound(certificate))
        return true;
    X509 *copy = X509_dup(certificate);
    bool is_broken = copy && !is_sound(copy);
    X509_free(copy);
    return is_broken;
}

static enum err look_at_all(X509_STORE *store) {
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    enum err err = ERR_IO;
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)); /* NULL: a list of revoked ones */
        if (certificate && !is_as_read(certificate))
            return ERR_NOMEM;
        err = certificate ? ERR_NONE : err;
    }
    return err;
}

/* A part of the bundle may be there when memory has run out, and may be told as all. */
static enum err fill(X509_STORE *store, const char *bundle) {
    ERR_clear_error();
    bool loaded = X509_STORE_load_file(store, bundle) == 1;
    if (is_out_of_memory())
        return ERR_NOMEM;
    return loaded ? look_at_all(store) : ERR_IO;
}

/* All of it or nothing. */
static enum err load(struct certs *c, const char *bundle) {
    X509_STORE *store = X509_STORE_new();
    enum err err = store ? fill(store, bundle) : ERR_NOMEM;
    c->is_empty = err != ERR_NONE;
    X509_STORE_free(err ? store : c->store);
    if (!err)
        c->store = store;
    ERR_clear_error();
    return err;
}

/* What fails in passing, for want of memory or descriptors, is tried again when it is needed next. */
static bool load_default(struct certs *c) {
    CURL *easy = curl_easy_init();
    const char *path = NULL;
    if (!easy)
        return false;
    (void)curl_easy_getinfo(easy, CURLINFO_CAINFO, &path); /* leaves NULL when there is none */
    bool settled = !path || load(c, path) == ERR_NONE || (access(path, F_OK) != 0 && errno == ENOENT);
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
        err = load(c, ca_file);
    if (err) {
        ERR_clear_error();
        certs_destroy(c);
        return err;
    }
    *ret_certs = c;
    return ERR_NONE;
}

static void ensure_loaded_locked(struct certs *c) {
    if (!c->is_loaded)
        c->is_loaded = load_default(c);
}

void certs_destroy(struct certs *c) {
    if (!c)
        return;
    X509_STORE_free(c->store);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

bool certs_are_empty(struct certs *c) {
    (void)pthread_mutex_lock(&c->lock);
    ensure_loaded_locked(c);
    bool is_empty = c->is_empty;
    (void)pthread_mutex_unlock(&c->lock);
    return is_empty;
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
    (void)pthread_mutex_lock(&c->lock);
    ensure_loaded_locked(c);
    SSL_CTX_set1_cert_store(ssl_ctx, c->store);
    (void)pthread_mutex_unlock(&c->lock);
}
