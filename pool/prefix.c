#include "pool/prefix.h"

#include <stdio.h>
#include <string.h>

enum { V4_BEGINS_AT = 96, ALL_BITS = 128 };

static bool parse_bits(const char *text, unsigned max, unsigned *ret_bits) {
    unsigned bits = 0;
    if (*text == '\0' || strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0')
        return false;
    for (; *text; text++)
        bits = bits * 10 + (unsigned)(*text - '0');
    *ret_bits = bits;
    return bits <= max;
}

/* Shifting by all bits of a number is undefined. */
static uint64_t first_bits(unsigned bits) {
    return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}

bool prefix_parse(const char *text, struct prefix *ret_prefix) {
    char address[ADDRESS_TEXT_BYTES];
    size_t len = strcspn(text, "/");
    struct prefix p;
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!address_parse(address, &p.value))
        return false;
    bool is_v4 = !strchr(address, ':');
    unsigned bits = is_v4 ? ALL_BITS - V4_BEGINS_AT : ALL_BITS;
    if (text[len] == '/' && !parse_bits(text + len + 1, bits, &bits))
        return false;
    p.bits = is_v4 ? bits + V4_BEGINS_AT : bits;
    p.mask = (struct address){first_bits(p.bits), first_bits(p.bits > 64 ? p.bits - 64 : 0)};
    p.value.high &= p.mask.high;
    p.value.low &= p.mask.low;
    *ret_prefix = p;
    return true;
}

void prefix_print(const struct prefix *p, char ret_text[PREFIX_TEXT_BYTES]) {
    char address[ADDRESS_TEXT_BYTES];
    address_print(p->value, address);
    (void)snprintf(ret_text, PREFIX_TEXT_BYTES, "%s/%u", address, prefix_is_v4(p) ? p->bits - V4_BEGINS_AT : p->bits);
}
