/* The results of a batch on their way to the client: encoded, brought into order, and joined to one text.
 *
 * In the order of the list results go out as their prefix completes, in the order of completion as they come. What
 * stands around them is a table (struct answer_format). A plain structure without threads; whoever shares it locks
 * it. */
#ifndef FETCHPOOL_API_ANSWER_H
#define FETCHPOOL_API_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { ANSWER_FIXED_BYTES = 768 };

/* The end of several results' texts that is the same in all of them, kept once. Counts its references; any thread. */
struct answer_tail;

/* One encoded result: its own text, and the tail behind it. */
struct answer_chunk {
    size_t len;               /* of `bytes` */
    struct answer_tail *tail; /* a reference, or NULL */
    char bytes[];
};

enum answer_encoding { ANSWER_JSON, ANSWER_CSV, ANSWER_HAR };

/* How the results become one text. */
struct answer_format {
    const char *head;      /* before everything */
    const char *between;   /* two results */
    const char *after;     /* each result */
    const char *tail;      /* behind everything; NULL: a line with the counts */
    const char *lost;      /* a result for which there was no memory, up to its index */
    const char *lost_rest; /* behind it */
    enum answer_encoding encoding;
    bool is_indexed;   /* each result tells its index */
    bool is_separable; /* results may come in any order */
    bool is_plain;     /* there is no room for what `include` asks for */
    bool keeps_hops;   /* it tells each request of a fetch */
};

extern const struct answer_format answer_array; /* a JSON array, a result on each line for people */
extern const struct answer_format answer_lines; /* a JSON object on each line, the last one with the counts */
extern const struct answer_format answer_csv;   /* a line with the names of the fields, and one for each result */
extern const struct answer_format answer_har;   /* an HTTP Archive with the entries of each result */

enum answer_order { ANSWER_ORDER_INPUT, ANSWER_ORDER_COMPLETION };

/* What became of an item: a response came, none came, or it was given up before one could. */
enum answer_outcome { ANSWER_SUCCEEDED, ANSWER_FAILED, ANSWER_CANCELLED, ANSWER_OUTCOME_COUNT };

/* Fields may be read, those from `slots` to `sent` are private. */
struct answer {
    const struct answer_format *format;
    enum answer_order order;
    size_t count;
    size_t counts[ANSWER_OUTCOME_COUNT]; /* of the results that came */
    size_t put;                          /* results that came */
    size_t ready;                        /* the first so many in order came */
    size_t held_bytes;                   /* of results that came and were not read */
    size_t ready_bytes;                  /* that can be read now, brackets, commas and the end included */
    bool abandoned;
    struct answer_chunk **slots; /* by their place in the answer; NULL before it came and after it was sent */
    char fixed[ANSWER_FIXED_BYTES];
    size_t offset; /* bytes read of what comes next */
    size_t sent;   /* results that were read whole */
};

/* `format` is borrowed. ERR_NOMEM. */
enum err answer_init(struct answer *a, size_t count, const struct answer_format *format,
                     enum answer_order order) ERR_MUST_CHECK;
void answer_fini(struct answer *a);

/* Takes the encoded result out of a buffer that began with answer_begin_chunk. NULL when memory ran out. */
enum err answer_begin_chunk(struct buf *b) ERR_MUST_CHECK;
struct answer_chunk *answer_take_chunk(struct buf *b);

/* Takes the text out of the buffer, with one reference. NULL when memory ran out. */
struct answer_tail *answer_tail_create(struct buf *b);

struct answer_tail *answer_tail_ref(struct answer_tail *t);

/* Accepts NULL. */
void answer_tail_unref(struct answer_tail *t);

/* Accepts NULL. */
void answer_free_chunk(struct answer_chunk *chunk);

/* Takes the one result of that index. NULL stands for a result that could not even be encoded: a fixed one is sent
 * instead. */
void answer_put(struct answer *a, size_t index, enum answer_outcome outcome, struct answer_chunk *chunk);

/* Copies up to `size` bytes of what can be sent now; 0 when there is nothing. */
size_t answer_read(struct answer *a, char *ret_bytes, size_t size);

/* Nobody will read: frees what is held and what comes from now on; results are still counted. */
void answer_abandon(struct answer *a);

/* All results came. */
bool answer_is_complete(const struct answer *a);

/* All was read, to the last byte. */
bool answer_is_read(const struct answer *a);

#endif
