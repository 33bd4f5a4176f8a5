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

static bool allows_plain(const struct guard_twin *t, const uint8_t *bytes, size_t count) {
    if (is_in_any(t->deny, t->deny_count, bytes, count))
        return false;
    if (is_in_any(t->allow, t->allow_count, bytes, count))
        return true;
    if (count == 4)
        return !is_in_any(refused_v4, sizeof refused_v4 / sizeof refused_v4[0], bytes, count);
    return is_in("2000::/3", bytes, count) &&
           !is_in_any(refused_v6, sizeof refused_v6 / sizeof refused_v6[0], bytes, count);
}

/* Every IPv4 address that it carries. */
static bool allows_carried(const struct guard_twin *t, const uint8_t *b) {
    static const uint8_t zeros[16];
    const uint8_t local_nat64[4] = {b[6], b[7], b[9], b[10]};
    const uint8_t teredo_client[4] = {b[12] ^ 0xFF, b[13] ^ 0xFF, b[14] ^ 0xFF, b[15] ^ 0xFF};
    bool is_isatap = (b[8] & 0xFD) == 0 && b[9] == 0 && b[10] == 0x5E && b[11] == 0xFE;
    bool low = is_in("::/96", b, 16) || is_in("::ffff:0:0:0/96", b, 16) || is_in("64:ff9b::/96", b, 16) || is_isatap;
    if (is_in("64:ff9b:1::/48", b, 16)) {
        low = low || b[8] != 0 || memcmp(b + 11, zeros, 5) != 0;
        if (!allows_plain(t, local_nat64, 4))
            return false;
    }
    if (is_in("2002::/16", b, 16) && !allows_plain(t, b + 2, 4))
        return false;
    if (is_in("2001::/32", b, 16) && !(allows_plain(t, teredo_client, 4) && allows_plain(t, b + 4, 4)))
        return false;
    return !low || allows_plain(t, b + 12, 4);
}

bool guard_twin_allows(const struct guard_twin *t, const uint8_t *bytes, size_t count) {
    if (count == 16 && is_in("::ffff:0:0/96", bytes, count))
        return allows_plain(t, bytes + 12, 4);
    if (count == 4 || is_in("::/127", bytes, count)) /* "::" and "::1" carry none */
        return allows_plain(t, bytes, count);
    return allows_plain(t, bytes, count) && allows_carried(t, bytes);
}
