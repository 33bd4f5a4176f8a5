/* What the guard refuses by itself, and which IPv6 addresses carry an IPv4 address. Used inside pool/ only.
 *
 * The rows are the IANA IPv4 and IPv6 special-purpose address registries as of July 2026 (RFC 6890 and successors), the
 * multicast registries, and cloud metadata services in public space. Of IPv6 only 2000::/3 is let through: all else has
 * a row, the last of which is ::/0. */
#ifndef FETCHPOOL_POOL_GUARD_TABLE_H
#define FETCHPOOL_POOL_GUARD_TABLE_H

#include "pool/prefix.h"

#include <stddef.h>

struct guard_row {
    struct prefix prefix;
    const char *name;
    const char *why;
};

/* Addresses that carry an IPv4 address: where it stands, and in which form. */
struct guard_embedding {
    struct prefix prefix; /* of an interface identifier: `mask` has no first bits, `bits` is 0 */
    struct address zero;  /* bits that are 0 unless the IPv4 address stands in the last four bytes after all */
    uint8_t at[4];        /* the bytes of the IPv4 address */
    uint8_t flipped;      /* what they are to be XORed with */
    const char *name;
};

extern const struct guard_row guard_table_v4[];
extern const size_t guard_table_v4_count;
extern const struct guard_row guard_table_v6[];
extern const size_t guard_table_v6_count;
extern const struct guard_embedding guard_table_embeddings[];
extern const size_t guard_table_embedding_count;

/* The row that refuses the address, or NULL. What it embeds is not looked at. */
const struct guard_row *guard_table_find(struct address a);

/* The IPv4 address that `a`, an address of that form, carries. */
struct address guard_table_extract(const struct guard_embedding *e, struct address a);

/* The form of the addresses that a NAT64 translator has under its prefix. False: the prefix has not one of the lengths
 * that RFC 6052, section 2.2, has, or is none of IPv6. */
bool guard_table_nat64(const char *text, struct guard_embedding *ret_embedding);

/* NULL when the text is such a prefix, else what it must be; static. Fits settings_load_check. */
const char *guard_table_check_nat64(const char *text);

#endif
