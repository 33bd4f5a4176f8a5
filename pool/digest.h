/* The SHA-256 of bytes that come piece by piece. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_DIGEST_H
#define FETCHPOOL_POOL_DIGEST_H

#include "base/err.h"

#include <stddef.h>

struct digest;

/* Of 32 bytes in lower-case hexadecimal, and a NUL. */
enum { DIGEST_TEXT_BYTES = 65 };

/* ERR_NOMEM. */
enum err digest_create(struct digest **ret_digest) ERR_MUST_CHECK;

/* Accepts NULL. */
void digest_destroy(struct digest *d);

/* ERR_LIBRARY, from both. */
enum err digest_add(struct digest *d, const void *bytes, size_t n) ERR_MUST_CHECK;

/* Of all that was added. Nothing can be added afterwards. */
enum err digest_end(struct digest *d, char ret_text[DIGEST_TEXT_BYTES]) ERR_MUST_CHECK;

#endif
