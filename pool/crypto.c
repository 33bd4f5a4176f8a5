#include "pool/crypto.h"

#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* One method of the kind: those of its provider are all made then. */
#define HAS(type, ...)                                                                                                 \
    static bool has_##type(void) {                                                                                     \
        type *method = type##_fetch(NULL, __VA_ARGS__);                                                                \
        type##_free(method);                                                                                           \
        return method != NULL;                                                                                         \
    }

HAS(EVP_MD, "SHA256", NULL)
HAS(EVP_CIPHER, "AES-128-GCM", NULL)
HAS(EVP_MAC, "HMAC", NULL)
HAS(EVP_KDF, "TLS13-KDF", NULL)
HAS(EVP_RAND, "CTR-DRBG", NULL)
HAS(EVP_KEYMGMT, "EC", NULL)
HAS(EVP_KEYEXCH, "ECDH", NULL)
HAS(EVP_SIGNATURE, "ECDSA", NULL)
HAS(EVP_ASYM_CIPHER, "RSA", NULL)
HAS(EVP_KEM, "RSA", NULL)
HAS(OSSL_DECODER, "EC", "input=der")

static bool has_tls(void) {
    SSL_CTX *first = SSL_CTX_new(TLS_client_method());
    SSL_CTX_free(first);
    return first != NULL;
}

static bool has_random(void) {
    return RAND_status() == 1;
}

/* Without its global context OpenSSL 3.0 crashes in all that follows, so that comes first. */
static bool has_context(void) {
    return OSSL_LIB_CTX_get0_global_default() != NULL;
}

enum err crypto_make_ready(void) {
    static bool (*const parts[])(void) = {
        has_context,         has_random,   has_EVP_MD,       has_EVP_CIPHER,  has_EVP_MAC,
        has_EVP_KDF,         has_EVP_RAND, has_EVP_KEYMGMT,  has_EVP_KEYEXCH, has_EVP_SIGNATURE,
        has_EVP_ASYM_CIPHER, has_EVP_KEM,  has_OSSL_DECODER, has_tls,
    };
    bool has_all = true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && has_all; i++)
        has_all = parts[i]();
    ERR_clear_error();
    return has_all ? ERR_NONE : ERR_NOMEM;
}

void crypto_wake_random(void) {
    if (RAND_status() != 1)
        (void)RAND_poll(); /* in vain: the fetch says so */
}
