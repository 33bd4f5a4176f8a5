/* Memory that is given out piece by piece and freed all at once.
 *
 * Holds what a batch was given: URL text, options, headers. The first block is small, the others 64 KiB; larger pieces
 * get a block of their own. Not thread-safe while it grows; what was given out may be read by any thread until
 * arena_fini. */
#ifndef FETCHPOOL_BASE_ARENA_H
#define FETCHPOOL_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Embedded by value; fields are private. */
struct arena {
    struct arena_block *blocks;
    size_t used;
    size_t total_bytes;
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* `size` zeroed bytes, aligned for any type; NULL when memory ran out. The arena owns them. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of `len` bytes with a NUL behind it; NULL when memory ran out. The arena owns it. */
char *arena_copy(struct arena *a, const char *text, size_t len);

/* Bytes taken from the system so far. */
size_t arena_bytes(const struct arena *a);

#endif
