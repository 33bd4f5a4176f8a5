/* The results of a batch on their way to the client: encoded, in the order of the list, sent as their prefix completes.
 *
 * A plain structure without threads; whoever shares it locks it. */
#ifndef FETCHPOOL_API_ANSWER_H
#define FETCHPOOL_API_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* One encoded result. */
struct answer_chunk {
    size_t len;
    char bytes[];
};

/* Fields may be read. */
struct answer {
    struct answer_chunk **chunks; /* by index; NULL before it came and after it was sent */
    size_t count;
    size_t put;         /* results that came */
    size_t ready;       /* results 0 to ready - 1 came */
    size_t sent;        /* results 0 to sent - 1 were read */
    size_t offset;      /* bytes read of what comes next */
    size_t held_bytes;  /* of results that came and were not read */
    size_t ready_bytes; /* of those, what can be read now, brackets and commas included */
    size_t total_bytes; /* of the whole answer, as far as it came */
};

/* ERR_NOMEM. */
enum err answer_init(struct answer *a, size_t count) ERR_MUST_CHECK;
void answer_fini(struct answer *a);

/* Takes the encoded result out of a buffer that began with answer_begin_chunk. NULL when memory ran out. */
enum err answer_begin_chunk(struct buf *b) ERR_MUST_CHECK;
struct answer_chunk *answer_take_chunk(struct buf *b);

/* Takes the one result of that index. NULL stands for a result that could not even be encoded: a fixed one is sent
 * instead. */
void answer_put(struct answer *a, size_t index, struct answer_chunk *chunk);

/* Copies up to `size` bytes of what can be sent now; 0 when there is nothing. */
size_t answer_read(struct answer *a, char *ret_bytes, size_t size);

/* All results came. */
bool answer_is_complete(const struct answer *a);

/* All was read, to the last bracket. */
bool answer_is_read(const struct answer *a);

#endif
