/* The default rules to their edges, and against their slow twin. */
#include "pool/guard_table.h"

#include "unit.h"
#include "unit_guard.h"
#include "unit_twin.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { RANDOM_ADDRESSES = 1000 * 1000 };
#else
enum { RANDOM_ADDRESSES = 10 * 1000 * 1000 };
#endif

static struct guard_rules *rules;
static const struct own_addresses no_own = {0};

static int begin(void **state) {
    (void)state;
    unit_twin_init();
    rules = unit_guard_rules(NULL, NULL);
    return 0;
}

static int end(void **state) {
    (void)state;
    guard_rules_destroy(rules);
    return 0;
}

static bool allows(struct address a) {
    return guard_rules_judge(rules, &no_own, a).reason == GUARD_ALLOWED;
}

static void bytes_of(struct address a, uint8_t bytes[16]) {
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = address_byte(a, i);
}

static bool twin_allows(struct address a) {
    uint8_t bytes[16];
    bytes_of(a, bytes);
    return unit_twin_allows_v6(bytes);
}

static void assert_like_twin(struct address a) {
    bool expected = twin_allows(a);
    char text[ADDRESS_TEXT_BYTES];
    if (allows(a) == expected)
        return;
    address_print(a, text);
    fail_msg("%s should be %s", text, expected ? "allowed" : "refused");
}

static void assert_refused(struct address a) {
    assert_false(allows(a));
    assert_like_twin(a);
}

static struct address last_of(const struct prefix *p) {
    return (struct address){p->value.high | ~p->mask.high, p->value.low | ~p->mask.low};
}

static struct address next(struct address a) {
    return (struct address){a.high + (a.low == UINT64_MAX), a.low + 1};
}

static struct address before(struct address a) {
    return (struct address){a.high - (a.low == 0), a.low - 1};
}

/* First and last are refused; one below and one above are what the twin says, which has no table of ours. */
static void assert_edges(const struct guard_row *row) {
    struct address first = row->prefix.value, last = last_of(&row->prefix);
    assert_refused(first);
    assert_refused(last);
    if (first.high || first.low)
        assert_like_twin(before(first));
    if (last.high != UINT64_MAX || last.low != UINT64_MAX)
        assert_like_twin(next(last));
    assert_ptr_equal(guard_table_find(first) != NULL, true);
    assert_true(strlen(row->name) > 0 && strlen(row->why) > 0);
}

TEST(each_prefix_is_refused_to_its_edges) {
    for (size_t i = 0; i < guard_table_v4_count; i++)
        assert_edges(&guard_table_v4[i]);
    for (size_t i = 0; i + 1 < guard_table_v6_count; i++) /* the last is all of IPv6 */
        assert_edges(&guard_table_v6[i]);
    assert_refused((struct address){0});
    assert_refused((struct address){UINT64_MAX, UINT64_MAX});
}

TEST(edges_of_global_unicast_are_exact) {
    static const char *const allowed[] = {"2000::",         "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                          "2001:200::",     "2003::",
                                          "2620:4f:8001::", "2606:4700:4700::1111"};
    static const char *const refused[] = {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "::", "8000::"};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        unit_guard_assert(rules, allowed[i], true);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        unit_guard_assert(rules, refused[i], false);
}

/* Every prefix of the notes and registries has its row, and no row of IPv4 says more than they do. */
TEST(table_is_as_the_registries_have_it) {
    char text[64], found[PREFIX_TEXT_BYTES];
    assert_int_equal(guard_table_v4_count, unit_twin_v4_count);
    for (size_t i = 0; i < unit_twin_v4_count + unit_twin_v6_count; i++) {
        const struct unit_twin_prefix *p =
            i < unit_twin_v4_count ? &unit_twin_v4[i] : &unit_twin_v6[i - unit_twin_v4_count];
        const struct guard_row *row = guard_table_find(unit_guard_address(p->text));
        assert_non_null(row);
        prefix_print(&row->prefix, found);
        (void)snprintf(text, sizeof text, "%s/%u", p->text, p->bits);
        assert_string_equal(found, text);
    }
}

/* ---- embeddings ---- */

static const struct {
    const char *name;
    const char *format; /* with the IPv4 address as the kind says */
    enum { DOTTED, HEX, FLIPPED, SPLIT } kind;
    const char *opened_by;
} forms[] = {
    {"IPv4-mapped", "::ffff:%s", DOTTED, NULL},
    {"ISATAP", "2600:1:2:3:0:5efe:%s", DOTTED, NULL},
    {"ISATAP", "2600:1:2:3:200:5efe:%s", DOTTED, NULL},
    {"ISATAP", "fe80::5efe:%s", DOTTED, "guard.allow=fe80::/10"},
    {"IPv4-compatible", "::%s", DOTTED, "guard.allow=::/0"},
    {"IPv4-translated", "::ffff:0:%s", DOTTED, "guard.allow=::/0"},
    {"NAT64", "64:ff9b::%s", DOTTED, "guard.allow=64:ff9b::/96"},
    {"NAT64", "64:ff9b::%s", DOTTED, "guard.nat64=64:ff9b::/96"},
    {"NAT64", "64:ff9b:1:fffe::%s", DOTTED, "guard.nat64=64:ff9b:1:fffe::/96"},
    {"NAT64", "2600:64::%s", DOTTED, "guard.nat64=2600:64::/96"},
    {"NAT64", "2600:64:%x:%x::", HEX, "guard.nat64=2600:64::/32"},
    {"local NAT64", "64:ff9b:1:%x:%x:%x::", SPLIT, "guard.allow=64:ff9b:1::/48"},
    {"NAT64", "64:ff9b:1:%x:%x:%x::", SPLIT, "guard.nat64=64:ff9b:1::/48"},
    {"6to4", "2002:%x:%x::1", HEX, "guard.allow=2002::/16"},
    {"Teredo client", "2001:0:808:808:0:0:%x:%x", FLIPPED, "guard.allow=2001::/32"},
    {"Teredo server", "2001:0:%x:%x::f7f7:f7f7", HEX, "guard.allow=2001::/32"},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static struct address embed(size_t form, uint32_t v4) {
    char text[128], dotted[ADDRESS_TEXT_BYTES];
    uint32_t n = forms[form].kind == FLIPPED ? ~v4 : v4;
    address_print(address_of_v4(v4), dotted);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (forms[form].kind == DOTTED)
        (void)snprintf(text, sizeof text, forms[form].format, dotted);
    else if (forms[form].kind == SPLIT)
        (void)snprintf(text, sizeof text, forms[form].format, n >> 16, n >> 8 & 0xFF, (n & 0xFF) << 8);
    else
        (void)snprintf(text, sizeof text, forms[form].format, n >> 16, n & 0xFFFF);
#pragma GCC diagnostic pop
    return unit_guard_address(text);
}

static bool twin_allows_v4(uint32_t v4) {
    const uint8_t bytes[4] = {(uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8), (uint8_t)v4};
    return unit_twin_allows_v4(bytes);
}

static void assert_embedded(size_t form, const struct guard_rules *opened, uint32_t v4) {
    bool expected = twin_allows_v4(v4);
    struct address a = embed(form, v4);
    if (address_is_v4(a) != (forms[form].kind == DOTTED && !strcmp(forms[form].name, "IPv4-mapped")))
        fail_msg("%s of %08x is another form", forms[form].name, v4);
    const struct guard_verdict v = guard_rules_judge(opened, &no_own, a);
    if ((v.reason == GUARD_ALLOWED) != expected)
        fail_msg("%s (%s) of %08x should be %s", forms[form].name, forms[form].format, v4,
                 expected ? "allowed" : "refused");
    if (!expected && !address_is_v4(a) && a.high | (a.low > 1)) {
        assert_string_equal(v.inside, forms[form].name);
        assert_int_equal((uint32_t)v.address.low, v4);
    }
    if (forms[form].opened_by && strncmp(forms[form].format, "2600", 4) != 0 && allows(a))
        fail_msg("%s of %08x should be refused by default", forms[form].name, v4);
}

/* ::1.2.3.4 and the like, opened by the operator or not refused by their own prefix, are what they carry. */
TEST(embedded_address_is_judged_as_itself) {
    for (size_t form = 0; form < FORMS; form++) {
        struct guard_rules *opened = unit_guard_rules(forms[form].opened_by, NULL);
        for (size_t i = 0; i < guard_table_v4_count; i++) {
            const struct prefix *p = &guard_table_v4[i].prefix;
            uint32_t first = (uint32_t)p->value.low, last = (uint32_t)last_of(p).low;
            /* ::0.0.0.0 and ::0.0.0.1 are other addresses */
            bool is_compatible = !strcmp(forms[form].name, "IPv4-compatible");
            assert_embedded(form, opened, first == 0 && is_compatible ? 2 : first);
            assert_embedded(form, opened, last);
            if (first > 0)
                assert_embedded(form, opened, first - 1);
            if (last < UINT32_MAX)
                assert_embedded(form, opened, last + 1);
        }
        assert_embedded(form, opened, 0x08080808);
        guard_rules_destroy(opened);
    }
}

/* The prefix of a translator within 64:ff9b:1::/48 may be longer, which only guard.nat64 tells. */
TEST(unclear_address_of_a_translator_is_judged_both_ways) {
    struct guard_rules *opened = unit_guard_rules("guard.allow=64:ff9b:1::/48", NULL);
    unit_guard_assert(opened, "64:ff9b:1:808:8:800::", true);
    unit_guard_assert(opened, "64:ff9b:1:808:8:800:808:808", true);
    unit_guard_assert(opened, "64:ff9b:1:808:8:800:7f00:1", false);
    unit_guard_assert(opened, "64:ff9b:1:808:108:800:a00:1", false);
    unit_guard_assert(opened, "64:ff9b:1::808:808", false);
    guard_rules_destroy(opened);
    opened = unit_guard_rules("guard.nat64=64:ff9b:1::/96", NULL);
    unit_guard_assert(opened, "64:ff9b:1::808:808", true);
    guard_rules_destroy(opened);
}

TEST(translator_has_one_of_six_lengths) {
    static const char *const right[] = {"64:ff9b::/96", "2600::/32", "2600::/40",
                                        "2600::/48",    "2600::/56", "2600::/64"};
    static const char *const wrong[] = {"64:ff9b::",  "2600::/31", "2600::/72",     "2600::/128", "10.0.0.0/8",
                                        "2600::/104", "",          "::ffff:0:0/96", "nat64"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_null(guard_table_check_nat64(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_non_null(guard_table_check_nat64(wrong[i]));
}

/* RFC 6052, section 2.4: the examples. */
TEST(translated_addresses_are_those_of_the_rfc) {
    static const char *const examples[][2] = {
        {"2001:db8::/32", "2001:db8:c000:221::"},
        {"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
        {"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
        {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
        {"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
        {"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct guard_embedding e;
        struct address a = unit_guard_address(examples[i][1]);
        assert_true(guard_table_nat64(examples[i][0], &e));
        assert_true(prefix_matches(&e.prefix, a));
        assert_int_equal((uint32_t)guard_table_extract(&e, a).low, 0xC0000221);
    }
}

/* ---- the twin ---- */

static uint64_t random_state = 0x9E3779B97F4A7C15;

static uint64_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Half of them begin like a prefix of the table, for some bits. */
static struct address random_address(void) {
    uint64_t choice = random_number();
    struct address a = {random_number(), random_number()};
    if (choice & 1)
        a = address_of_v4((uint32_t)a.low);
    const struct guard_row *row = choice & 1 ? &guard_table_v4[(choice >> 8) % guard_table_v4_count]
                                             : &guard_table_v6[(choice >> 8) % guard_table_v6_count];
    unsigned bits = (unsigned)(choice >> 16) % 65;
    if (choice & 2 && choice & 1) {
        uint32_t mask = bits % 33 == 0 ? 0 : UINT32_MAX << (32 - bits % 33);
        a.low = (a.low & ~(uint64_t)mask) | (row->prefix.value.low & mask) | UINT64_C(0xFFFF) << 32;
    } else if (choice & 2) {
        uint64_t mask = bits == 0 ? 0 : UINT64_MAX << (64 - bits);
        a.high = (a.high & ~mask) | (row->prefix.value.high & mask);
    }
    if ((choice & 0x1C) == 0x1C && !(choice & 1)) /* ISATAP, often within 2000::/3 */
        a = (struct address){a.high >> 3 | UINT64_C(1) << 61, (a.low & UINT32_MAX) | UINT64_C(0x5EFE) << 32};
    return a;
}

TEST(random_addresses_are_judged_as_by_the_twin) {
    unsigned allowed = 0;
    for (int i = 0; i < RANDOM_ADDRESSES; i++) {
        struct address a = random_address();
        bool expected = twin_allows(a);
        if (allows(a) != expected)
            assert_like_twin(a);
        allowed += expected;
    }
    assert_in_range(allowed, RANDOM_ADDRESSES / 10, RANDOM_ADDRESSES - RANDOM_ADDRESSES / 10);
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TABLE_TEST(each_prefix_is_refused_to_its_edges),
        TABLE_TEST(edges_of_global_unicast_are_exact),
        TABLE_TEST(table_is_as_the_registries_have_it),
        TABLE_TEST(embedded_address_is_judged_as_itself),
        TABLE_TEST(unclear_address_of_a_translator_is_judged_both_ways),
        TABLE_TEST(translator_has_one_of_six_lengths),
        TABLE_TEST(translated_addresses_are_those_of_the_rfc),
        TABLE_TEST(random_addresses_are_judged_as_by_the_twin),
    };
    return cmocka_run_group_tests_name("guard_table", tests, NULL, NULL);
}
