/* Content negotiation: RFC 9110, section 12.5.1.
 *
 * Of the media types that can be sent, the one that a client likes best: the most specific range that matches a type
 * gives its quality; 0 excludes. A plain structure without threads. */
#ifndef FETCHPOOL_API_ACCEPT_H
#define FETCHPOOL_API_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCEPT_MAX_OFFERS = 8 };

#define ACCEPT_NONE SIZE_MAX

/* Fields are private. */
struct accept {
    size_t count;
    bool restricted; /* a range was read: what none of them matches is excluded */
    struct accept_offer {
        const char *type;
        int match;   /* how exactly the range that decides names it */
        int quality; /* in thousandths */
    } offers[ACCEPT_MAX_OFFERS];
};

/* `types` are "application/json" and the like, the one to prefer first; borrowed. */
void accept_init(struct accept *a, const char *const *types, size_t count);

/* Takes in an Accept header; a request may have several, which are one list. */
void accept_read(struct accept *a, const char *value);

/* The index of the type with the highest quality; of several the one that is named most exactly, then the first.
 * ACCEPT_NONE: all are excluded. */
size_t accept_choose(const struct accept *a);

#endif
