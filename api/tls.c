#include "api/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TLS_MAX_CHAIN = 16, TLS_MAX_FILE_BYTES = 1024 * 1024, TLS_CLIENT_PATIENCE_MS = 10 * 1000 };

struct tls_pair {
    gnutls_pcert_st chain[TLS_MAX_CHAIN];
    unsigned count;
    gnutls_privkey_t key;
    int64_t expires_at;
    struct tls_pair *before; /* was used before this one */
};

struct tls {
    struct tls_pair *_Atomic current;
};

/* ---- reading ---- */

static enum err refuse(char ret_error[TLS_ERROR_BYTES], const char *what, const char *path, const char *reason,
                       enum err err) {
    (void)snprintf(ret_error, TLS_ERROR_BYTES, "%s %s: %s", what, path, reason);
    return err;
}

static enum err read_open_file(FILE *file, gnutls_datum_t *ret_text) {
    unsigned char *text = malloc(TLS_MAX_FILE_BYTES);
    if (!text)
        return ERR_NOMEM;
    size_t len = fread(text, 1, TLS_MAX_FILE_BYTES, file);
    if (ferror(file)) {
        free(text);
        return ERR_IO;
    }
    *ret_text = (gnutls_datum_t){.data = text, .size = (unsigned)len};
    return ERR_NONE;
}

static enum err read_file(const char *path, gnutls_datum_t *ret_text) {
    FILE *file = fopen(path, "re");
    if (!file)
        return ERR_IO;
    enum err err = read_open_file(file, ret_text);
    int read_errno = errno;
    (void)fclose(file); /* was only read */
    errno = read_errno;
    return err;
}

/* A key is not left behind in memory. */
static void free_text(gnutls_datum_t *text) {
    if (text->data)
        gnutls_memset(text->data, 0, text->size);
    free(text->data);
    text->data = NULL;
}

static void read_expiry(struct tls_pair *pair) {
    gnutls_x509_crt_t crt = NULL;
    if (gnutls_x509_crt_init(&crt) < 0)
        return;
    if (gnutls_x509_crt_import(crt, &pair->chain[0].cert, GNUTLS_X509_FMT_DER) >= 0)
        pair->expires_at = gnutls_x509_crt_get_expiration_time(crt);
    gnutls_x509_crt_deinit(crt);
}

static enum err read_chain(struct tls_pair *pair, const char *path, char ret_error[TLS_ERROR_BYTES]) {
    gnutls_datum_t text = {0};
    unsigned count = TLS_MAX_CHAIN;
    enum err err = read_file(path, &text);
    if (err)
        return refuse(ret_error, "server.tls_cert:", path, err == ERR_IO ? strerror(errno) : err_text(err), err);
    int code = gnutls_pcert_list_import_x509_raw(pair->chain, &count, &text, GNUTLS_X509_FMT_PEM, 0);
    free_text(&text);
    if (code < 0)
        return refuse(ret_error, "server.tls_cert:", path, gnutls_strerror(code), ERR_INVALID);
    pair->count = count;
    read_expiry(pair);
    return ERR_NONE;
}

static enum err read_key(struct tls_pair *pair, const char *path, char ret_error[TLS_ERROR_BYTES]) {
    gnutls_datum_t text = {0};
    if (gnutls_privkey_init(&pair->key) < 0)
        return ERR_NOMEM;
    enum err err = read_file(path, &text);
    if (err)
        return refuse(ret_error, "server.tls_key:", path, err == ERR_IO ? strerror(errno) : err_text(err), err);
    int code = gnutls_privkey_import_x509_raw(pair->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    free_text(&text);
    return code < 0 ? refuse(ret_error, "server.tls_key:", path, gnutls_strerror(code), ERR_INVALID) : ERR_NONE;
}

struct id {
    unsigned char bytes[64];
    size_t len;
};

static bool id_of(gnutls_pubkey_t key, struct id *ret_id) {
    ret_id->len = sizeof ret_id->bytes;
    return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ret_id->bytes, &ret_id->len) >= 0;
}

/* The certificate must be of the public half of the key. */
static bool fit(const struct tls_pair *pair) {
    struct id certified, given;
    gnutls_pubkey_t half;
    if (gnutls_pubkey_init(&half) < 0)
        return false;
    bool read = gnutls_pubkey_import_privkey(half, pair->key, 0, 0) >= 0 && id_of(half, &given) &&
                id_of(pair->chain[0].pubkey, &certified);
    gnutls_pubkey_deinit(half);
    return read && given.len == certified.len && memcmp(given.bytes, certified.bytes, given.len) == 0;
}

enum err tls_pair_read(const char *cert_path, const char *key_path, struct tls_pair **ret_pair,
                       char ret_error[TLS_ERROR_BYTES]) {
    struct tls_pair *pair = calloc(1, sizeof *pair);
    ret_error[0] = '\0';
    if (!pair)
        return ERR_NOMEM;
    enum err err = read_chain(pair, cert_path, ret_error);
    if (!err)
        err = read_key(pair, key_path, ret_error);
    if (!err && !fit(pair))
        err = refuse(ret_error, "server.tls_key:", key_path, "is not the key of the certificate in server.tls_cert",
                     ERR_INVALID);
    if (err) {
        tls_pair_destroy(pair);
        return err;
    }
    *ret_pair = pair;
    return ERR_NONE;
}

void tls_pair_destroy(struct tls_pair *pair) {
    if (!pair)
        return;
    for (unsigned i = 0; i < pair->count; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    free(pair);
}

int64_t tls_pair_expires_at(const struct tls_pair *pair) {
    return pair->expires_at;
}

/* ---- showing ---- */

enum err tls_create(struct tls **ret_tls) {
    struct tls *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    *ret_tls = t;
    return ERR_NONE;
}

void tls_destroy(struct tls *t) {
    if (!t)
        return;
    struct tls_pair *pair = atomic_load(&t->current);
    while (pair) {
        struct tls_pair *before = pair->before;
        tls_pair_destroy(pair);
        pair = before;
    }
    free(t);
}

void tls_use(struct tls *t, struct tls_pair *pair) {
    pair->before = atomic_load(&t->current);
    atomic_store(&t->current, pair);
}

struct tls_shown tls_show(const struct tls *t) {
    struct tls_pair *pair = atomic_load(&t->current);
    return (struct tls_shown){.chain = pair->chain, .count = pair->count, .key = pair->key};
}

/* ---- as a client ---- */

static int shake_hands(gnutls_session_t session, gnutls_certificate_credentials_t nobody, int fd) {
    int status = gnutls_priority_set_direct(session, TLS_PRIORITIES, NULL);
    if (status >= 0)
        status = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, nobody);
    if (status < 0)
        return status;
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, TLS_CLIENT_PATIENCE_MS);
    do
        status = gnutls_handshake(session);
    while (status < 0 && !gnutls_error_is_fatal(status));
    return status;
}

static enum err send_over(gnutls_session_t session, gnutls_certificate_credentials_t nobody, int fd, const void *bytes,
                          size_t len) {
    if (shake_hands(session, nobody, fd) < 0)
        return ERR_LIBRARY;
    return gnutls_record_send(session, bytes, len) == (ssize_t)len ? ERR_NONE : ERR_LIBRARY;
}

enum err tls_send_as_client(int fd, const void *bytes, size_t len) {
    gnutls_certificate_credentials_t nobody;
    gnutls_session_t session;
    if (gnutls_certificate_allocate_credentials(&nobody) < 0)
        return ERR_NOMEM;
    enum err err = ERR_NOMEM;
    if (gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) >= 0) {
        err = send_over(session, nobody, fd, bytes, len);
        gnutls_deinit(session);
    }
    gnutls_certificate_free_credentials(nobody);
    return err;
}
