/* Bearer tokens (RFC 6750): what a caller shows, and the digest that is kept of it. */
#ifndef FETCHPOOL_CONFIG_TOKEN_H
#define FETCHPOOL_CONFIG_TOKEN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_PREFIX "fp_" /* of those made here, so that people and scanners know one when they see it */

enum {
    TOKEN_DIGEST_BYTES = 32, /* SHA-256 */
    TOKEN_DIGEST_HEX_BYTES = 2 * TOKEN_DIGEST_BYTES + 1,
    TOKEN_TEXT_BYTES = 3 + 43 + 1, /* "fp_", 256 bits in base64url, NUL */
    TOKEN_MAX_LEN = 512,           /* of what a caller may show */
};

/* A new token from 256 random bits, getrandom(2); blocks until the system has them. ERR_IO. Any thread. */
enum err token_make(char ret_text[TOKEN_TEXT_BYTES]) ERR_MUST_CHECK;

/* ERR_LIBRARY. Any thread. */
enum err token_digest(const char *text, size_t len, unsigned char ret_digest[TOKEN_DIGEST_BYTES]) ERR_MUST_CHECK;

/* In a time that does not depend on what they hold. Any thread. */
bool token_digest_equal(const unsigned char a[TOKEN_DIGEST_BYTES], const unsigned char b[TOKEN_DIGEST_BYTES]);

/* In lower-case hex digits. */
void token_digest_hex(const unsigned char digest[TOKEN_DIGEST_BYTES], char ret_text[TOKEN_DIGEST_HEX_BYTES]);

/* False: not exactly 64 hex digits. */
bool token_digest_read(const char *text, unsigned char ret_digest[TOKEN_DIGEST_BYTES]);

#endif
