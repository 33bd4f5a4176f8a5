#include "unit_twin.h"

#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

enum { TWIN_MAX_PREFIXES = 64 };

const struct unit_twin_prefix unit_twin_v4[] = {
    {"0.0.0.0", 8},      {"10.0.0.0", 8},     {"100.64.0.0", 10},   {"127.0.0.0", 8},      {"169.254.0.0", 16},
    {"172.16.0.0", 12},  {"192.0.0.0", 24},   {"192.0.2.0", 24},    {"192.31.196.0", 24},  {"192.52.193.0", 24},
    {"192.88.99.0", 24}, {"192.168.0.0", 16}, {"192.175.48.0", 24}, {"198.18.0.0", 15},    {"198.51.100.0", 24},
    {"203.0.113.0", 24}, {"224.0.0.0", 4},    {"240.0.0.0", 4},     {"168.63.129.16", 32},
};
const size_t unit_twin_v4_count = sizeof unit_twin_v4 / sizeof unit_twin_v4[0];

const struct unit_twin_prefix unit_twin_v6[] = {
    {"2001::", 23}, {"2001:db8::", 32}, {"2002::", 16}, {"2620:4f:8000::", 48}, {"3fff::", 20},
};
const size_t unit_twin_v6_count = sizeof unit_twin_v6 / sizeof unit_twin_v6[0];

/* '0' and '1', most significant first. */
static char bits_v4[TWIN_MAX_PREFIXES][33];
static char bits_v6[TWIN_MAX_PREFIXES][129];

static void write_bits(int family, const struct unit_twin_prefix *p, char *to) {
    uint8_t bytes[16];
    assert_int_equal(inet_pton(family, p->text, bytes), 1);
    for (unsigned i = 0; i < p->bits; i++)
        to[i] = bytes[i / 8] & (0x80 >> i % 8) ? '1' : '0';
    to[p->bits] = '\0';
}

void unit_twin_init(void) {
    for (size_t i = 0; i < unit_twin_v4_count; i++)
        write_bits(AF_INET, &unit_twin_v4[i], bits_v4[i]);
    for (size_t i = 0; i < unit_twin_v6_count; i++)
        write_bits(AF_INET6, &unit_twin_v6[i], bits_v6[i]);
}

static bool begins_with(const uint8_t *bytes, const char *bits) {
    for (unsigned i = 0; bits[i]; i++)
        if (((bytes[i / 8] & (0x80 >> i % 8)) != 0) != (bits[i] == '1'))
            return false;
    return true;
}

bool unit_twin_allows_v4(const uint8_t bytes[4]) {
    for (size_t i = 0; i < unit_twin_v4_count; i++)
        if (begins_with(bytes, bits_v4[i]))
            return false;
    return true;
}

bool unit_twin_allows_v6(const uint8_t bytes[16]) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return unit_twin_allows_v4(bytes + 12);
    if (!begins_with(bytes, "001"))
        return false;
    for (size_t i = 0; i < unit_twin_v6_count; i++)
        if (begins_with(bytes, bits_v6[i]))
            return false;
    bool is_isatap = begins_with(bytes + 8, "00000000000000000101111011111110") ||
                     begins_with(bytes + 8, "00000010000000000101111011111110");
    return !is_isatap || unit_twin_allows_v4(bytes + 12);
}
