#include "api/result_chunk.h"

#include "pool/result_json.h"

#include <stdint.h>
#include <string.h>

enum { RESULT_USUAL_BYTES = 160 }; /* what usually stands beside the URL */

static struct answer_chunk *encode(const struct fetch_batch *b, size_t index, const struct answer_format *format,
                                   const struct fetch_result *result) {
    const struct fetch_item *item = &b->items[index];
    unsigned include = item->options ? item->options->include : b->options.include;
    struct buf text;
    buf_init(&text, SIZE_MAX); /* bounded by max_size and the header limits */
    enum err err = buf_reserve(&text, strlen(item->url) + RESULT_USUAL_BYTES); /* rather than growing in steps */
    if (!err)
        err = answer_begin_chunk(&text);
    if (!err)
        err = result_json(&text, item, format->is_indexed ? index : RESULT_JSON_NO_INDEX, include, result);
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
