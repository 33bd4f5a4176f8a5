/* Address prefixes, "10.0.0.0/8". Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_PREFIX_H
#define FETCHPOOL_POOL_PREFIX_H

#include "pool/address.h"

/* `value` has no bits outside of `mask`. The bits of an IPv4 prefix are counted in the mapped form: 96 and more. */
struct prefix {
    struct address value;
    struct address mask;
    unsigned bits;
};

enum { PREFIX_TEXT_BYTES = ADDRESS_TEXT_BYTES + 4 };

/* "::/0" is of IPv6: it does not reach the mapped addresses. */
static inline bool prefix_is_v4(const struct prefix *p) {
    return p->bits >= 96 && address_is_v4(p->value);
}

static inline bool prefix_matches(const struct prefix *p, struct address a) {
    return (((a.high ^ p->value.high) & p->mask.high) | ((a.low ^ p->value.low) & p->mask.low)) == 0;
}

static inline bool prefix_equals(const struct prefix *a, const struct prefix *b) {
    return a->bits == b->bits && address_equals(a->value, b->value);
}

/* No prefix of IPv6 contains an IPv4 address. */
static inline bool prefix_contains(const struct prefix *p, struct address a) {
    return prefix_matches(p, a) && address_is_v4(a) == prefix_is_v4(p);
}

/* An address stands for itself alone; bits behind the prefix are dropped. False: the text is no prefix. */
bool prefix_parse(const char *text, struct prefix *ret_prefix);

void prefix_print(const struct prefix *p, char ret_text[PREFIX_TEXT_BYTES]);

#endif
