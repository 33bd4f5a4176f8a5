#include "pool/tls_info.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

/* CURLINFO_TLS_SSL_PTR(3); NULL: no TLS. */
static SSL *session_of(CURL *easy) {
    struct curl_tlssessioninfo *info = NULL;
    bool told = curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info;
    return told && info->backend == CURLSSLBACKEND_OPENSSL ? info->internals : NULL;
}

/* RFC 4514, but letters beyond ASCII stay as they are; NULL: no memory. */
static char *name_text(const X509_NAME *name) {
    char *text = NULL;
    char *copy = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(bio, &text);
        copy = strndup(text ? text : "", (size_t)len);
    }
    BIO_free(bio);
    return copy;
}

/* Stays empty for a time that is none. */
static void read_expiry(const X509 *certificate, struct fetch_tls *tls) {
    struct tm t;
    bool told = ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &t) == 1;
    if (!told || strftime(tls->expires_at, sizeof tls->expires_at, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
        tls->expires_at[0] = '\0';
}

enum err tls_info_read(CURL *easy, struct fetch_tls *tls) {
    SSL *session = session_of(easy);
    X509 *certificate = session ? SSL_get0_peer_certificate(session) : NULL; /* that of a client is always there */
    fetch_tls_clear(tls);
    if (!certificate)
        return ERR_NONE;
    const char *cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(session));
    tls->version = SSL_get_version(session);
    tls->cipher = cipher ? cipher : "";
    tls->subject = name_text(X509_get_subject_name(certificate));
    tls->issuer = name_text(X509_get_issuer_name(certificate));
    read_expiry(certificate, tls);
    return tls->subject && tls->issuer ? ERR_NONE : ERR_NOMEM;
}

bool tls_info_is_without_http2(CURL *easy) {
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    const SSL *session = session_of(easy);
    if (session)
        SSL_get0_alpn_selected(session, &chosen, &len);
    return session && !(len == 2 && memcmp(chosen, "h2", 2) == 0);
}
