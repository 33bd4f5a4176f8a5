#include "unit_interfaces.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int __wrap_getifaddrs(struct ifaddrs **ret);    /* NOLINT: the linker's name */
void __wrap_freeifaddrs(struct ifaddrs *first); /* NOLINT */

static const char *_Atomic addresses[2];
static atomic_int failing;
static atomic_uint reads;

/* An interface without an address, as a tunnel may be, and those with the addresses. */
struct interfaces {
    struct ifaddrs items[3];
    struct sockaddr_storage addresses[3];
};

void unit_interfaces_set(const char *first, const char *second) {
    atomic_store(&addresses[0], first);
    atomic_store(&addresses[1], second);
}

void unit_interfaces_fail(int fails) {
    atomic_store(&failing, fails);
}

unsigned unit_interfaces_reads(void) {
    return atomic_load(&reads);
}

static void fill(const char *text, struct sockaddr_storage *to) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(to, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(to, &v6, sizeof v6);
}

static struct interfaces last; /* it is read at once, by one thread */

int __wrap_getifaddrs(struct ifaddrs **ret) {
    atomic_fetch_add(&reads, 1);
    if (atomic_load(&failing)) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    last = (struct interfaces){0};
    struct ifaddrs *previous = &last.items[0];
    for (int i = 0; i < 2; i++) {
        const char *text = atomic_load(&addresses[i]);
        if (!text)
            continue;
        fill(text, &last.addresses[i + 1]);
        last.items[i + 1].ifa_addr = (struct sockaddr *)&last.addresses[i + 1];
        previous->ifa_next = &last.items[i + 1];
        previous = &last.items[i + 1];
    }
    *ret = &last.items[0];
    return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *first) {
    assert_ptr_equal(first, &last.items[0]);
}
