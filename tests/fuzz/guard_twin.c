#include "guard_twin.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The rules of docs/security.md, written a second time. */
static const char *const refused_v4[] = {
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16",
    "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",     "168.63.129.16",
};
static const char *const refused_v6[] = {
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
};

static bool bit(const uint8_t *bytes, unsigned at) {
    return bytes[at / 8] >> (7 - at % 8) & 1;
}

static bool is_in(const char *prefix, const uint8_t *bytes, size_t count) {
    uint8_t start[16];
    char text[64];
    size_t len = strcspn(prefix, "/");
    if (len >= sizeof text || (strchr(prefix, ':') != NULL) != (count == 16))
        return false;
    memcpy(text, prefix, len);
    text[len] = '\0';
    if (inet_pton(count == 16 ? AF_INET6 : AF_INET, text, start) != 1)
        return false;
    unsigned bits = prefix[len] == '/' ? (unsigned)strtoul(prefix + len + 1, NULL, 10) : (unsigned)count * 8;
    for (unsigned at = 0; at < bits; at++)
        if (bit(start, at) != bit(bytes, at))
            return false;
    return true;
}

static bool is_in_any(const char *const *prefixes, size_t prefix_count, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < prefix_count; i++)
        if (is_in(prefixes[i], bytes, count))
            return true;
    return false;
}

bool guard_twin_allows(const struct guard_twin *t, const uint8_t *bytes, size_t count) {
    if (count == 16 && is_in("::ffff:0:0/96", bytes, count))
        return guard_twin_allows(t, bytes + 12, 4);
    if (is_in_any(t->deny, t->deny_count, bytes, count))
        return false;
    if (is_in_any(t->allow, t->allow_count, bytes, count))
        return true;
    if (count == 4)
        return !is_in_any(refused_v4, sizeof refused_v4 / sizeof refused_v4[0], bytes, count);
    return is_in("2000::/3", bytes, count) &&
           !is_in_any(refused_v6, sizeof refused_v6 / sizeof refused_v6[0], bytes, count);
}
