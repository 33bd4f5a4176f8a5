#include "pool/guard_table.h"

/* clang-format off */
#define MASK(n) ((n) == 0 ? 0 : UINT64_MAX << (64 - ((n) ? (n) : 1)))
#define V4_ADDRESS(a, b, c, d) (UINT64_C(0xFFFF) << 32 | (uint64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define V4(a, b, c, d, n) {{0, V4_ADDRESS(a, b, c, d)}, {UINT64_MAX, UINT64_MAX << (32 - (n))}, 96 + (n)}
#define V6_HIGH(a, b, c, d) ((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d))
#define V6(a, b, c, d, n) {{V6_HIGH(a, b, c, d), 0}, {MASK(n), 0}, (n)}                      /* 64 bits at most */
#define V6_NAT64 {{V6_HIGH(0x64, 0xFF9B, 0, 0), 0}, {UINT64_MAX, MASK(32)}, 96}               /* 64:ff9b::/96 */
#define V6_LOW(low, n) {{0, low}, {UINT64_MAX, (n) == 128 ? UINT64_MAX : MASK((n) - 64)}, (n)} /* more than 64 */

const struct guard_row guard_table_v4[] = {
    {V4(0, 0, 0, 0, 8), "this network", "RFC 791: the kernel takes 0.0.0.0 for this very host"},
    {V4(10, 0, 0, 0, 8), "private use", "RFC 1918: networks behind a border"},
    {V4(100, 64, 0, 0, 10), "shared address space", "RFC 6598: behind a provider's translator; metadata of Alibaba Cloud"},
    {V4(127, 0, 0, 0, 8), "loopback", "RFC 1122: this very host"},
    {V4(169, 254, 0, 0, 16), "link local", "RFC 3927: metadata and credentials of most clouds"},
    {V4(172, 16, 0, 0, 12), "private use", "RFC 1918: networks behind a border"},
    {V4(192, 0, 0, 0, 24), "protocol assignments", "RFC 6890: of no web server; metadata of Oracle's classic cloud"},
    {V4(192, 0, 2, 0, 24), "documentation", "RFC 5737: belongs to nobody"},
    {V4(192, 31, 196, 0, 24), "AS112", "RFC 7535: name servers next to us, no web server"},
    {V4(192, 52, 193, 0, 24), "AMT", "RFC 7450: multicast relays next to us, no web server"},
    {V4(192, 88, 99, 0, 24), "6to4 relays", "RFC 7526: withdrawn, leads into a tunnel"},
    {V4(192, 168, 0, 0, 16), "private use", "RFC 1918: networks behind a border"},
    {V4(192, 175, 48, 0, 24), "AS112, direct", "RFC 7534: name servers next to us, no web server"},
    {V4(198, 18, 0, 0, 15), "benchmarking", "RFC 2544: laboratory networks"},
    {V4(198, 51, 100, 0, 24), "documentation", "RFC 5737: belongs to nobody"},
    {V4(203, 0, 113, 0, 24), "documentation", "RFC 5737: belongs to nobody"},
    {V4(224, 0, 0, 0, 4), "multicast", "RFC 1112: of no single host"},
    {V4(240, 0, 0, 0, 4), "reserved", "RFC 1112: some networks use it inside; with the broadcast address"},
    {V4(168, 63, 129, 16, 32), "Azure host service", "in no registry: metadata of Azure, in public space"},
};
const size_t guard_table_v4_count = sizeof guard_table_v4 / sizeof guard_table_v4[0];

const struct guard_row guard_table_v6[] = {
    {V6_LOW(0, 128), "unspecified", "RFC 4291: the kernel takes it for this very host"},
    {V6_LOW(1, 128), "loopback", "RFC 4291: this very host"},
    {V6_LOW(0, 96), "IPv4-compatible", "RFC 4291: withdrawn, carries an IPv4 address"},
    {V6_LOW(UINT64_C(0xFFFF) << 48, 96), "IPv4-translated", "RFC 2765: carries an IPv4 address"},
    {V6_LOW(0, 64), "reserved", "RFC 4291: of no host"},
    {V6_NAT64, "NAT64", "RFC 6052: carries an IPv4 address"},
    {V6(0x64, 0xFF9B, 1, 0, 48), "local NAT64", "RFC 8215: carries an IPv4 address"},
    {V6(0x100, 0, 0, 0, 64), "discard only", "RFC 6666: leads nowhere"},
    {V6(0x100, 0, 0, 1, 64), "dummy", "RFC 9780: leads nowhere"},
    {V6(0x2001, 0, 0, 0, 23), "protocol assignments", "RFC 2928: Teredo, benchmarking, ORCHID and others, no web server"},
    {V6(0x2001, 0xDB8, 0, 0, 32), "documentation", "RFC 3849: belongs to nobody"},
    {V6(0x2002, 0, 0, 0, 16), "6to4", "RFC 3056: carries an IPv4 address"},
    {V6(0x2620, 0x4F, 0x8000, 0, 48), "AS112, direct", "RFC 7534: name servers next to us, no web server"},
    {V6(0x3FFF, 0, 0, 0, 20), "documentation", "RFC 9637: belongs to nobody"},
    {V6(0x5F00, 0, 0, 0, 16), "segment routing", "RFC 9602: inside of a provider's network"},
    {V6(0xFC00, 0, 0, 0, 7), "unique local", "RFC 4193: networks behind a border; metadata of AWS and Google"},
    {V6(0xFE80, 0, 0, 0, 10), "link local", "RFC 4291: this very link"},
    {V6(0xFEC0, 0, 0, 0, 10), "site local", "RFC 3879: withdrawn, networks behind a border"},
    {V6(0xFF00, 0, 0, 0, 8), "multicast", "RFC 4291: of no single host"},
    {V6(0, 0, 0, 0, 0), "not global unicast", "RFC 4291: only 2000::/3 is given to hosts"}, /* unless in 2000::/3 */
};
const size_t guard_table_v6_count = sizeof guard_table_v6 / sizeof guard_table_v6[0];

/* Of a translator whose prefix has 48 bits and not more. RFC 6052, section 2.2. */
#define NAT64_ZERO_48 UINT64_C(0xFF0000FFFFFFFFFF)

const struct guard_embedding guard_table_embeddings[] = {
    {V6_LOW(0, 96), {0, 0}, {12, 13, 14, 15}, 0, "IPv4-compatible"},
    {V6_LOW(UINT64_C(0xFFFF) << 48, 96), {0, 0}, {12, 13, 14, 15}, 0, "IPv4-translated"},
    {V6_NAT64, {0, 0}, {12, 13, 14, 15}, 0, "NAT64"},
    {V6(0x64, 0xFF9B, 1, 0, 48), {0, NAT64_ZERO_48}, {6, 7, 9, 10}, 0, "local NAT64"},
    {V6(0x2002, 0, 0, 0, 16), {0, 0}, {2, 3, 4, 5}, 0, "6to4"},
    {V6(0x2001, 0, 0, 0, 32), {0, 0}, {12, 13, 14, 15}, 0xFF, "Teredo client"},
    {V6(0x2001, 0, 0, 0, 32), {0, 0}, {4, 5, 6, 7}, 0, "Teredo server"},
    {{{0, UINT64_C(0x5EFE) << 32}, {0, UINT64_C(0xFDFFFFFF) << 32}, 0}, {0, 0}, {12, 13, 14, 15}, 0, "ISATAP"},
};
const size_t guard_table_embedding_count = sizeof guard_table_embeddings / sizeof guard_table_embeddings[0];

static const struct prefix global_unicast = V6(0x2000, 0, 0, 0, 3);
/* clang-format on */

static const struct guard_row *find_in(const struct guard_row *rows, size_t count, struct address a) {
    for (size_t i = 0; i < count; i++)
        if (prefix_matches(&rows[i].prefix, a))
            return &rows[i];
    return NULL;
}

const struct guard_row *guard_table_find(struct address a) {
    if (address_is_v4(a))
        return find_in(guard_table_v4, guard_table_v4_count, a);
    size_t last = guard_table_v6_count - 1;
    const struct guard_row *row = find_in(guard_table_v6, last, a);
    return row || prefix_matches(&global_unicast, a) ? row : &guard_table_v6[last];
}

struct address guard_table_extract(const struct guard_embedding *e, struct address a) {
    uint32_t v4 = 0;
    for (int i = 0; i < 4; i++)
        v4 = v4 << 8 | (uint8_t)(address_byte(a, e->at[i]) ^ e->flipped);
    return address_of_v4(v4);
}

bool guard_table_nat64(const char *text, struct guard_embedding *ret_embedding) {
    struct guard_embedding e = {.name = "NAT64"};
    if (!prefix_parse(text, &e.prefix) || address_is_v4(e.prefix.value))
        return false;
    unsigned bits = e.prefix.bits;
    if (bits != 32 && bits != 40 && bits != 48 && bits != 56 && bits != 64 && bits != 96)
        return false;
    unsigned at = bits / 8;
    for (unsigned i = 0; i < 4; i++) {
        at += at == 8;
        e.at[i] = (uint8_t)at++;
    }
    *ret_embedding = e;
    return true;
}

const char *guard_table_check_nat64(const char *text) {
    struct guard_embedding e;
    return guard_table_nat64(text, &e) ? NULL
                                       : "must be an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits such as 64:ff9b::/96";
}
