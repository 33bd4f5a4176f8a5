/* Which items of a list ask for the same, so that one fetch can serve them all.
 *
 * The same are items with one URL, to the byte, and equal options: method, headers in their order, body, limits,
 * include, all but the id. What must not be done once instead of twice never is: POST and PATCH. RFC 9110, section
 * 9.2.2. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_FETCH_SAME_H
#define FETCHPOOL_POOL_FETCH_SAME_H

#include "base/err.h"
#include "pool/fetch_item.h"

#include <stddef.h>
#include <stdint.h>

#define FETCH_SAME_END UINT32_MAX

/* May be read; all zero: every item is a fetch of its own. */
struct fetch_same {
    uint32_t *first; /* of each fetch the item that comes first; they ascend */
    uint32_t *next;  /* of each item the next one that asks for the same, or FETCH_SAME_END */
    size_t count;    /* fetches */
};

/* Takes time and memory in proportion to the list, whatever stands in it. `defaults` are the options of items that have
 * none. ERR_NOMEM. */
enum err fetch_same_init(struct fetch_same *s, const struct fetch_item *items, size_t count,
                         const struct fetch_options *defaults) ERR_MUST_CHECK;

/* Accepts one that is all zero. */
void fetch_same_fini(struct fetch_same *s);

/* The fetch that begins with the item, or SIZE_MAX: it is not the first of its fetch. */
size_t fetch_same_find(const struct fetch_same *s, size_t item);

#endif
