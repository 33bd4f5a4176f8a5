/* The addresses of this host's interfaces, getifaddrs(3). Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_OWN_ADDRESSES_H
#define FETCHPOOL_POOL_OWN_ADDRESSES_H

#include "base/err.h"
#include "pool/address.h"

#include <stdbool.h>
#include <stddef.h>

/* In ascending order. Owns the memory; all zero is empty. */
struct own_addresses {
    struct address *items;
    size_t count;
};

/* Reads those that `wanted` wants. ERR_IO: the system does not tell them; errno tells why. ERR_NOMEM. */
enum err own_addresses_read(bool (*wanted)(struct address a), struct own_addresses *ret_own) ERR_MUST_CHECK;

void own_addresses_fini(struct own_addresses *own);

bool own_addresses_contain(const struct own_addresses *own, struct address a);

bool own_addresses_equal(const struct own_addresses *a, const struct own_addresses *b);

#endif
