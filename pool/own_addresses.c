#include "pool/own_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right) {
    const struct address *a = left, *b = right;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return a->low == b->low ? 0 : a->low < b->low ? -1 : 1;
}

static bool read_one(const struct ifaddrs *interface, struct endpoint *ret_endpoint) {
    const struct sockaddr *address = interface->ifa_addr;
    socklen_t len =
        address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    return address && address_read(address, len, ret_endpoint);
}

static size_t count_all(const struct ifaddrs *first) {
    size_t count = 0;
    for (; first; first = first->ifa_next)
        count++;
    return count;
}

enum err own_addresses_read(bool (*wanted)(struct address a), struct own_addresses *ret_own) {
    struct ifaddrs *first = NULL;
    if (getifaddrs(&first) != 0)
        return ERR_IO;
    struct own_addresses own = {.items = calloc(count_all(first) + 1, sizeof *own.items)};
    for (const struct ifaddrs *i = first; i && own.items; i = i->ifa_next) {
        struct endpoint found;
        if (read_one(i, &found) && wanted(found.address))
            own.items[own.count++] = found.address;
    }
    freeifaddrs(first);
    if (!own.items)
        return ERR_NOMEM;
    qsort(own.items, own.count, sizeof *own.items, compare);
    *ret_own = own;
    return ERR_NONE;
}

void own_addresses_fini(struct own_addresses *own) {
    free(own->items);
    *own = (struct own_addresses){0};
}

bool own_addresses_contain(const struct own_addresses *own, struct address a) {
    return own->count > 0 && bsearch(&a, own->items, own->count, sizeof a, compare);
}

bool own_addresses_equal(const struct own_addresses *a, const struct own_addresses *b) {
    return a->count == b->count && (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}
