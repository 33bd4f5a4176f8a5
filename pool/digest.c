#include "pool/digest.h"

#include <openssl/evp.h>

enum { DIGEST_BYTES = 32 };

static EVP_MD_CTX *context_of(struct digest *d) {
    return (EVP_MD_CTX *)(void *)d;
}

enum err digest_create(struct digest **ret_digest) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return ERR_NOMEM;
    }
    *ret_digest = (struct digest *)(void *)context;
    return ERR_NONE;
}

void digest_destroy(struct digest *d) {
    EVP_MD_CTX_free(context_of(d));
}

enum err digest_add(struct digest *d, const void *bytes, size_t n) {
    return EVP_DigestUpdate(context_of(d), bytes, n) == 1 ? ERR_NONE : ERR_LIBRARY;
}

enum err digest_end(struct digest *d, char ret_text[DIGEST_TEXT_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[DIGEST_BYTES];
    if (EVP_DigestFinal_ex(context_of(d), bytes, NULL) != 1)
        return ERR_LIBRARY;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[DIGEST_TEXT_BYTES - 1] = '\0';
    return ERR_NONE;
}
