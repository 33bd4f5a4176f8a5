#include "api/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A bracket or comma before each result, and the end; one result on each line, for people. */
static const char first_separator[] = "[";
static const char separator[] = ",\n";
static const char end_text[] = "]\n";

/* Stands for a result for which not even the memory to encode a failure was there. Only its address counts. */
static struct answer_chunk lost;
static const char lost_text[] =
    "{\"url\":\"\",\"status\":0,\"error\":\"out of memory\",\"error_code\":\"internal\",\"elapsed\":0.0}";

static const char *text_of(const struct answer_chunk *chunk) {
    return chunk == &lost ? lost_text : chunk->bytes;
}

static size_t len_of(const struct answer_chunk *chunk) {
    return chunk == &lost ? strlen(lost_text) : chunk->len;
}

static void free_chunk(struct answer_chunk *chunk) {
    if (chunk != &lost)
        free(chunk);
}

static const char *separator_of(size_t index) {
    return index == 0 ? first_separator : separator;
}

enum err answer_init(struct answer *a, size_t count) {
    *a = (struct answer){.count = count};
    a->chunks = calloc(count ? count : 1, sizeof(struct answer_chunk *));
    if (!a->chunks)
        return ERR_NOMEM;
    a->total_bytes = strlen(end_text) + (count == 0 ? strlen(first_separator) : 0);
    a->ready_bytes = count == 0 ? a->total_bytes : 0;
    return ERR_NONE;
}

void answer_fini(struct answer *a) {
    for (size_t i = a->sent; i < a->count && a->chunks; i++)
        free_chunk(a->chunks[i]);
    free(a->chunks);
    *a = (struct answer){0};
}

enum err answer_begin_chunk(struct buf *b) {
    const struct answer_chunk head = {0};
    return buf_append(b, &head, sizeof head);
}

struct answer_chunk *answer_take_chunk(struct buf *b) {
    size_t len;
    char *data = buf_take(b, &len);
    if (!data)
        return NULL;
    char *fitting = realloc(data, len); /* what the buffer had to spare */
    struct answer_chunk *chunk = (struct answer_chunk *)(void *)(fitting ? fitting : data);
    chunk->len = len - sizeof *chunk;
    return chunk;
}

static size_t chunk_bytes(const struct answer *a, size_t index) {
    return len_of(a->chunks[index]) + strlen(separator_of(index));
}

void answer_put(struct answer *a, size_t index, struct answer_chunk *chunk) {
    assert(index < a->count && !a->chunks[index] && index >= a->ready);
    a->chunks[index] = chunk ? chunk : &lost;
    a->put++;
    a->held_bytes += len_of(a->chunks[index]);
    a->total_bytes += chunk_bytes(a, index);
    while (a->ready < a->count && a->chunks[a->ready])
        a->ready_bytes += chunk_bytes(a, a->ready++);
    if (index < a->ready && a->ready == a->count)
        a->ready_bytes += strlen(end_text);
}

static size_t copy_from(struct answer *a, const char *text, size_t len, char *ret_bytes, size_t size) {
    size_t n = len - a->offset < size ? len - a->offset : size;
    memcpy(ret_bytes, text + a->offset, n);
    a->offset += n;
    a->ready_bytes -= n;
    return n;
}

/* What comes next is a result with its separator, or the end. `offset` counts through both parts. */
static size_t read_piece(struct answer *a, char *ret_bytes, size_t size) {
    const char *before = a->sent < a->count ? separator_of(a->sent) : a->count == 0 ? "[]\n" : end_text;
    size_t before_len = strlen(before);
    if (a->offset < before_len)
        return copy_from(a, before, before_len, ret_bytes, size);
    if (a->sent == a->count)
        return 0;
    struct answer_chunk *chunk = a->chunks[a->sent];
    a->offset -= before_len;
    size_t n = copy_from(a, text_of(chunk), len_of(chunk), ret_bytes, size);
    a->held_bytes -= n;
    if (a->offset < len_of(chunk)) {
        a->offset += before_len;
        return n;
    }
    free_chunk(chunk);
    a->chunks[a->sent++] = NULL;
    a->offset = 0;
    return n;
}

size_t answer_read(struct answer *a, char *ret_bytes, size_t size) {
    size_t total = 0;
    while (total < size && a->ready_bytes > 0)
        total += read_piece(a, ret_bytes + total, size - total);
    return total;
}

bool answer_is_complete(const struct answer *a) {
    return a->put == a->count;
}

bool answer_is_read(const struct answer *a) {
    return answer_is_complete(a) && a->ready_bytes == 0;
}
