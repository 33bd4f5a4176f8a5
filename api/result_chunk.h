/* A result as the piece of text that an answer takes. */
#ifndef FETCHPOOL_API_RESULT_CHUNK_H
#define FETCHPOOL_API_RESULT_CHUNK_H

#include "api/answer.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

/* What answer_put takes. */
struct result_chunk {
    struct answer_chunk *chunk;
    enum answer_outcome outcome; /* of what the chunk says */
};

/* Encodes the result of an item; the caller owns the chunk. What items that get one result tell alike is encoded once,
 * and stays in the result's `share` until result_chunk_leave. When memory does not suffice for that it may for a short
 * one that says so; NULL: not even for that. Any thread. */
struct result_chunk result_chunk_create(const struct fetch_batch *b, size_t index, const struct answer_format *format,
                                        const struct fetch_result *result);

/* After each result that has a `share`, encoded or not: frees what is there when it was the last. */
void result_chunk_leave(const struct fetch_result *result);

/* The outcome alone, for a result that nobody reads. */
struct result_chunk result_chunk_unread(const struct fetch_result *result);

#endif
