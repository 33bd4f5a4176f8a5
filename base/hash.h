/* A hash of texts that others choose.
 *
 * SipHash-1-3 (Aumasson and Bernstein, 2012) with a key drawn at random once for each process, so that nobody can
 * choose texts that all fall into one bucket. */
#ifndef FETCHPOOL_BASE_HASH_H
#define FETCHPOOL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of `len` bytes; the same for the same bytes as long as the process lives. Any thread. */
uint64_t hash_text(const char *text, size_t len);

#endif
