#include "config/token.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_BYTES = 32 };

/* base64url without padding, RFC 4648, section 5. */
static void encode(const unsigned char *bytes, size_t len, char *ret_text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 6; have -= 6)
            *ret_text++ = digits[bits >> (have - 6) & 63];
    }
    if (have > 0)
        *ret_text++ = digits[bits << (6 - have) & 63];
    *ret_text = '\0';
}

enum err token_make(char ret_text[TOKEN_TEXT_BYTES]) {
    unsigned char bytes[RANDOM_BYTES];
    ssize_t n;
    do
        n = getrandom(bytes, sizeof bytes, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof bytes)
        return ERR_IO;
    memcpy(ret_text, TOKEN_PREFIX, strlen(TOKEN_PREFIX));
    encode(bytes, sizeof bytes, ret_text + strlen(TOKEN_PREFIX));
    explicit_bzero(bytes, sizeof bytes);
    return ERR_NONE;
}

/* Looked for once: that takes longer than the digest of a token. Stays until the process ends. */
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;

static void find_sha256(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

enum err token_digest(const char *text, size_t len, unsigned char ret_digest[TOKEN_DIGEST_BYTES]) {
    (void)pthread_once(&sha256_once, find_sha256); /* cannot fail */
    return sha256 && EVP_Digest(text, len, ret_digest, NULL, sha256, NULL) == 1 ? ERR_NONE : ERR_LIBRARY;
}

bool token_digest_equal(const unsigned char a[TOKEN_DIGEST_BYTES], const unsigned char b[TOKEN_DIGEST_BYTES]) {
    return CRYPTO_memcmp(a, b, TOKEN_DIGEST_BYTES) == 0;
}

void token_digest_hex(const unsigned char digest[TOKEN_DIGEST_BYTES], char ret_text[TOKEN_DIGEST_HEX_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++) {
        ret_text[2 * i] = digits[digest[i] >> 4];
        ret_text[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_text[TOKEN_DIGEST_HEX_BYTES - 1] = '\0';
}

static int value_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool token_digest_read(const char *text, unsigned char ret_digest[TOKEN_DIGEST_BYTES]) {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    if (strlen(text) != TOKEN_DIGEST_HEX_BYTES - 1)
        return false;
    for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++) {
        int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (unsigned char)(high << 4 | low);
    }
    memcpy(ret_digest, digest, sizeof digest);
    return true;
}
