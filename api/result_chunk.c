#include "api/result_chunk.h"

#include "pool/result_csv.h"
#include "pool/result_har.h"
#include "pool/result_json.h"

#include <stdint.h>
#include <string.h>

enum { RESULT_USUAL_BYTES = 160 }; /* what usually stands beside the URL */

/* The tail of all items that get this result; NULL: no memory. */
static struct answer_tail *find_tail(const struct fetch_item *item, unsigned include,
                                     const struct fetch_result *result) {
    struct buf text;
    if (result->share->made)
        return result->share->made;
    buf_init(&text, SIZE_MAX);
    if (!result_json_rest(&text, item, include, result))
        result->share->made = answer_tail_create(&text);
    buf_fini(&text);
    return result->share->made;
}

static struct answer_chunk *encode_with_tail(const struct fetch_item *item, size_t index, unsigned include,
                                             const struct fetch_result *result) {
    struct answer_tail *tail = find_tail(item, include, result);
    struct answer_chunk *chunk = NULL;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    enum err err = tail ? answer_begin_chunk(&text) : ERR_NOMEM;
    if (!err)
        err = result_json_head(&text, item, index, result);
    if (!err)
        chunk = answer_take_chunk(&text);
    if (chunk)
        chunk->tail = answer_tail_ref(tail);
    buf_fini(&text);
    return chunk;
}

static enum err append(struct buf *out, const struct fetch_batch *b, size_t index, const struct answer_format *format,
                       const struct fetch_result *result) {
    const struct fetch_item *item = &b->items[index];
    const struct fetch_options *options = item->options ? item->options : &b->options;
    switch (format->encoding) {
    case ANSWER_CSV:
        return result_csv(out, item, index, result);
    case ANSWER_HAR:
        return result_har(out, item, index, options, result);
    default:
        return result_json(out, item, format->is_indexed ? index : RESULT_JSON_NO_INDEX, options->include, result);
    }
}

static struct answer_chunk *encode(const struct fetch_batch *b, size_t index, const struct answer_format *format,
                                   const struct fetch_result *result) {
    unsigned include = b->items[index].options ? b->items[index].options->include : b->options.include;
    if (result->share && include != 0 && format->encoding == ANSWER_JSON)
        return encode_with_tail(&b->items[index], format->is_indexed ? index : RESULT_JSON_NO_INDEX, include, result);
    struct buf text;
    buf_init(&text, SIZE_MAX); /* bounded by max_size and the header limits */
    enum err err = buf_reserve(&text, strlen(b->items[index].url) + RESULT_USUAL_BYTES); /* rather than in steps */
    if (!err)
        err = answer_begin_chunk(&text);
    if (!err)
        err = append(&text, b, index, format, result);
    struct answer_chunk *chunk = err ? NULL : answer_take_chunk(&text);
    buf_fini(&text);
    return chunk;
}

static enum answer_outcome outcome_of(const struct fetch_result *result) {
    switch (result->error) {
    case FETCH_OK:
        return ANSWER_SUCCEEDED;
    case FETCH_DEADLINE:
    case FETCH_CANCELLED:
    case FETCH_SHUTDOWN:
        return ANSWER_CANCELLED;
    default:
        return ANSWER_FAILED;
    }
}

struct result_chunk result_chunk_unread(const struct fetch_result *result) {
    return (struct result_chunk){.outcome = outcome_of(result)};
}

void result_chunk_leave(const struct fetch_result *result) {
    if (!result->share || result->share->left > 0)
        return;
    answer_tail_unref(result->share->made);
    result->share->made = NULL;
}

struct result_chunk result_chunk_create(const struct fetch_batch *b, size_t index, const struct answer_format *format,
                                        const struct fetch_result *result) {
    struct answer_chunk *chunk = encode(b, index, format, result);
    if (chunk)
        return (struct result_chunk){.chunk = chunk, .outcome = outcome_of(result)};
    struct fetch_result failure;
    fetch_result_init(&failure);
    fetch_result_fail(&failure, FETCH_INTERNAL, err_text(ERR_NOMEM));
    return (struct result_chunk){.chunk = encode(b, index, format, &failure), .outcome = ANSWER_FAILED};
}
