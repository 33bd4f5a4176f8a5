/* The names in those objects of a JSON text that are open at one time, to notice one that stands twice in its object.
 *
 * RFC 8259 leaves open what such an object means: of two programs one takes the first, the other the last. Names are
 * compared as they are meant, so "\u0061" is "a". They are kept as keyed hashes of 64 bits, so the work for each is
 * bounded whatever a caller sends; that two different ones are taken for one happens once in 10^14 full objects. */
#ifndef FETCHPOOL_BASE_JSON_NAMES_H
#define FETCHPOOL_BASE_JSON_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum {
    JSON_NAMES_MAX = 512,        /* in all objects that are open at one time */
    JSON_NAMES_MAX_BYTES = 1024, /* of one, as it is written */
};

/* Embedded by value. `count` is set by the user: to 0, and back to what it was when an object ends; the hashes behind
 * it need no value. */
struct json_names {
    size_t count;
    uint64_t hashes[JSON_NAMES_MAX];
};

/* Adds a name to the object whose names begin at `first`. `raw` is what stands between its quotes, a sound string.
 * NULL, or a phrase for people that says why it is not taken (static). */
const char *json_names_add(struct json_names *n, size_t first, const char *raw, size_t len);

/* The name as it is meant, `raw` as above: writes at most `len` bytes into `out` and gives their number. */
size_t json_names_decode(const char *raw, size_t len, char *out);

#endif
