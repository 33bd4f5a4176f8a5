/* IP addresses as numbers, so that prefixes are compared in a few instructions. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_ADDRESS_H
#define FETCHPOOL_POOL_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* 128 bits in host order. IPv4 stands there in its mapped form, ::ffff:0:0/96 (RFC 4291, section 2.5.5.2): that is one
 * and the same address. */
struct address {
    uint64_t high;
    uint64_t low;
};

/* Where a connection leads to. */
struct endpoint {
    struct address address;
    uint16_t port;
};

enum { ADDRESS_TEXT_BYTES = 48 };

static inline bool address_is_v4(struct address a) {
    return a.high == 0 && a.low >> 32 == 0xFFFF;
}

static inline struct address address_of_v4(uint32_t v4) {
    return (struct address){.low = UINT64_C(0xFFFF) << 32 | v4};
}

static inline bool address_equals(struct address a, struct address b) {
    return a.high == b.high && a.low == b.low;
}

/* The byte at `index`, 0 to 15, in network order. */
static inline uint8_t address_byte(struct address a, unsigned index) {
    return (uint8_t)((index < 8 ? a.high : a.low) >> (56 - index % 8 * 8));
}

/* `bytes` are 16 in network order. */
struct address address_of_bytes(const uint8_t bytes[16]);

/* False for families other than IPv4 and IPv6, and for one that is too short. */
bool address_read(const struct sockaddr *socket_address, socklen_t len, struct endpoint *ret_endpoint);

/* From text as inet_pton(3) reads it: no brackets, no zone, IPv4 as four decimal numbers. False: it is none. */
bool address_parse(const char *text, struct address *ret_address);

/* As inet_ntop(3) writes it, IPv4 without the mapping. */
void address_print(struct address a, char ret_text[ADDRESS_TEXT_BYTES]);

#endif
