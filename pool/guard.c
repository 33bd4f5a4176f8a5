#include "pool/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An address is 16 bytes; IPv4 stands there in its mapped form, and its prefixes are 96 bits longer. */
struct prefix {
    uint8_t bytes[16];
    unsigned bits;
};

struct guard {
    size_t allow_count;
    size_t deny_count;
    struct prefix *allow;
    struct prefix *deny;
    size_t refused_count;
    struct prefix refused[];
};

/* IANA IPv4 and IPv6 special-purpose address registries as of July 2026; what is refused beyond them says so. */
static const char *const refused_prefixes[] = {
    "0.0.0.0/8",         /* this network */
    "10.0.0.0/8",        /* private */
    "100.64.0.0/10",     /* shared address space */
    "127.0.0.0/8",       /* loopback */
    "169.254.0.0/16",    /* link-local, metadata services */
    "172.16.0.0/12",     /* private */
    "192.0.0.0/24",      /* protocol assignments */
    "192.0.2.0/24",      /* documentation */
    "192.31.196.0/24",   /* AS112 */
    "192.52.193.0/24",   /* AMT */
    "192.88.99.0/24",    /* old 6to4 relays */
    "192.168.0.0/16",    /* private */
    "192.175.48.0/24",   /* AS112, direct */
    "198.18.0.0/15",     /* benchmarking */
    "198.51.100.0/24",   /* documentation */
    "203.0.113.0/24",    /* documentation */
    "224.0.0.0/4",       /* multicast (its own registry) */
    "240.0.0.0/4",       /* reserved, broadcast */
    "168.63.129.16/32",  /* not in a registry: Azure's host service, in public space */
    "2001::/23",         /* protocol assignments: Teredo, benchmarking, ORCHID and others */
    "2001:db8::/32",     /* documentation */
    "2002::/16",         /* 6to4 */
    "2620:4f:8000::/48", /* AS112 */
    "3fff::/20",         /* documentation */
};
enum { REFUSED_COUNT = sizeof refused_prefixes / sizeof refused_prefixes[0] };

static const struct prefix mapped_v4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96};
static const struct prefix global_v6 = {{0x20}, 3}; /* 2000::/3 */

static bool prefix_contains(const struct prefix *p, const uint8_t bytes[16]) {
    unsigned whole = p->bits / 8;
    unsigned rest = p->bits % 8;
    if (memcmp(p->bytes, bytes, whole) != 0)
        return false;
    return rest == 0 || ((p->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

/* "::/0" in a list means IPv6 only: a short prefix does not reach the mapped IPv4 addresses. */
static bool any_contains(const struct prefix *prefixes, size_t count, const uint8_t bytes[16]) {
    bool is_v4 = prefix_contains(&mapped_v4, bytes);
    for (size_t i = 0; i < count; i++)
        if ((!is_v4 || prefixes[i].bits >= mapped_v4.bits) && prefix_contains(&prefixes[i], bytes))
            return true;
    return false;
}

static bool parse_bits(const char *text, unsigned max, unsigned *ret_bits) {
    unsigned bits = 0;
    if (*text == '\0' || strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0')
        return false;
    for (; *text; text++)
        bits = bits * 10 + (unsigned)(*text - '0');
    *ret_bits = bits;
    return bits <= max;
}

static bool parse_prefix(const char *text, struct prefix *ret_prefix) {
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/");
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    struct prefix p = mapped_v4;
    bool v4 = inet_pton(AF_INET, address, p.bytes + 12) == 1;
    if (!v4 && inet_pton(AF_INET6, address, p.bytes) != 1)
        return false;
    unsigned bits = v4 ? 32 : 128;
    if (text[len] == '/' && !parse_bits(text + len + 1, bits, &bits))
        return false;
    p.bits = v4 ? bits + 96 : bits;
    *ret_prefix = p;
    return true;
}

const char *guard_check_prefix(const char *text) {
    struct prefix prefix;
    return parse_prefix(text, &prefix) ? NULL : "must be an address or a prefix such as 10.0.0.0/8 or fd00::/8";
}

static enum err parse_list(char *const *texts, size_t count, struct prefix **ret_prefixes, const char **ret_bad) {
    struct prefix *prefixes = calloc(count ? count : 1, sizeof *prefixes);
    if (!prefixes)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!parse_prefix(texts[i], &prefixes[i])) {
            *ret_bad = texts[i];
            free(prefixes);
            return ERR_INVALID;
        }
    *ret_prefixes = prefixes;
    return ERR_NONE;
}

enum err guard_create(const struct guard_rules *rules, struct guard **ret_guard, const char **ret_bad) {
    struct guard *g = calloc(1, sizeof *g + REFUSED_COUNT * sizeof g->refused[0]);
    if (!g)
        return ERR_NOMEM;
    for (size_t i = 0; i < REFUSED_COUNT; i++)
        if (parse_prefix(refused_prefixes[i], &g->refused[i]))
            g->refused_count++;
    enum err err = g->refused_count == REFUSED_COUNT ? ERR_NONE : ERR_LIBRARY;
    if (!err)
        err = parse_list(rules->allow, rules->allow_count, &g->allow, ret_bad);
    if (!err)
        err = parse_list(rules->deny, rules->deny_count, &g->deny, ret_bad);
    if (err) {
        guard_destroy(g);
        return err;
    }
    g->allow_count = rules->allow_count;
    g->deny_count = rules->deny_count;
    *ret_guard = g;
    return ERR_NONE;
}

void guard_destroy(struct guard *g) {
    if (!g)
        return;
    free(g->allow);
    free(g->deny);
    free(g);
}

static bool address_bytes(const struct sockaddr *address, socklen_t len, uint8_t ret_bytes[16]) {
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(ret_bytes, mapped_v4.bytes, 12);
        memcpy(ret_bytes + 12, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(ret_bytes, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool guard_allows(const struct guard *g, const struct sockaddr *address, socklen_t len) {
    uint8_t bytes[16];
    if (!address_bytes(address, len, bytes))
        return false;
    if (any_contains(g->deny, g->deny_count, bytes))
        return false;
    if (any_contains(g->allow, g->allow_count, bytes))
        return true;
    if (!prefix_contains(&mapped_v4, bytes) && !prefix_contains(&global_v6, bytes))
        return false;
    return !any_contains(g->refused, g->refused_count, bytes);
}
