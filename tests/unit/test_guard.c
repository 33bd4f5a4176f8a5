#include "pool/guard.h"

#include "unit.h"
#include "unit_random.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static struct guard *guard;

static struct guard *create(const char *allow, const char *deny) {
    char *allowed = (char *)(uintptr_t)allow;
    char *denied = (char *)(uintptr_t)deny;
    const struct guard_rules rules = {
        .allow = &allowed, .allow_count = allow != NULL, .deny = &denied, .deny_count = deny != NULL};
    struct guard *g = NULL;
    const char *bad = NULL;
    assert_int_equal(guard_create(&rules, &g, &bad), ERR_NONE);
    return g;
}

static int begin(void **state) {
    (void)state;
    guard = create(NULL, NULL);
    return 0;
}

static int end(void **state) {
    (void)state;
    guard_destroy(guard);
    return 0;
}

static bool allows_v4(const struct guard *g, uint32_t address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    return guard_allows(g, (const struct sockaddr *)&v4, sizeof v4);
}

static bool allows_v6(const struct guard *g, const struct in6_addr *address) {
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = *address};
    return guard_allows(g, (const struct sockaddr *)&v6, sizeof v6);
}

static bool allows(const struct guard *g, const char *text) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return allows_v4(g, ntohl(v4.s_addr));
    assert_int_equal(inet_pton(AF_INET6, text, &v6), 1);
    return allows_v6(g, &v6);
}

static void assert_verdict(const struct guard *g, const char *text, bool expected) {
    if (allows(g, text) != expected)
        fail_msg("%s should be %s", text, expected ? "allowed" : "refused");
}

/* What is refused, from the registries: the addresses just outside are allowed where "+" stands before them. */
static const struct {
    const char *before;
    const char *first;
    const char *last;
    const char *after;
} ranges[] = {
    {NULL, "0.0.0.0", "0.255.255.255", "+1.0.0.0"},
    {"+9.255.255.255", "10.0.0.0", "10.255.255.255", "+11.0.0.0"},
    {"+100.63.255.255", "100.64.0.0", "100.127.255.255", "+100.128.0.0"},
    {"+126.255.255.255", "127.0.0.0", "127.255.255.255", "+128.0.0.0"},
    {"+169.253.255.255", "169.254.0.0", "169.254.255.255", "+169.255.0.0"},
    {"+172.15.255.255", "172.16.0.0", "172.31.255.255", "+172.32.0.0"},
    {"+191.255.255.255", "192.0.0.0", "192.0.0.255", "+192.0.1.0"},
    {"+192.0.1.255", "192.0.2.0", "192.0.2.255", "+192.0.3.0"},
    {"+192.31.195.255", "192.31.196.0", "192.31.196.255", "+192.31.197.0"},
    {"+192.52.192.255", "192.52.193.0", "192.52.193.255", "+192.52.194.0"},
    {"+192.88.98.255", "192.88.99.0", "192.88.99.255", "+192.88.100.0"},
    {"+192.167.255.255", "192.168.0.0", "192.168.255.255", "+192.169.0.0"},
    {"+192.175.47.255", "192.175.48.0", "192.175.48.255", "+192.175.49.0"},
    {"+198.17.255.255", "198.18.0.0", "198.19.255.255", "+198.20.0.0"},
    {"+198.51.99.255", "198.51.100.0", "198.51.100.255", "+198.51.101.0"},
    {"+203.0.112.255", "203.0.113.0", "203.0.113.255", "+203.0.114.0"},
    {"+223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0"},
    {"239.255.255.255", "240.0.0.0", "255.255.255.255", NULL},
    {"+168.63.129.15", "168.63.129.16", "168.63.129.16", "+168.63.129.17"},
    {NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "+2000::"},
    {"+2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "+2001:200::"},
    {"+2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "+2001:db9::"},
    {"+2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "+2003::"},
    {"+2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
     "+2620:4f:8001::"},
    {"+3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "+3fff:1000::"},
    {"+3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};
enum { RANGES = sizeof ranges / sizeof ranges[0] };

static void assert_neighbour(const char *text) {
    if (text)
        assert_verdict(guard, text + (*text == '+'), *text == '+');
}

TEST(special_ranges_are_refused_to_their_edges) {
    for (size_t i = 0; i < RANGES; i++) {
        assert_neighbour(ranges[i].before);
        assert_verdict(guard, ranges[i].first, false);
        assert_verdict(guard, ranges[i].last, false);
        assert_neighbour(ranges[i].after);
    }
}

static bool is_v4(const char *text) {
    return strchr(text, ':') == NULL;
}

static uint32_t number_of(const char *text) {
    struct in_addr address;
    assert_int_equal(inet_pton(AF_INET, text, &address), 1);
    return ntohl(address.s_addr);
}

TEST(any_ipv4_address_is_judged_as_the_table_says) {
    uint32_t first[RANGES], last[RANGES];
    uint32_t random_state = 4;
    size_t count = 0;
    for (size_t i = 0; i < RANGES; i++) {
        if (!is_v4(ranges[i].first))
            continue;
        first[count] = number_of(ranges[i].first);
        last[count++] = number_of(ranges[i].last);
    }
    for (int n = 0; n < 100000; n++) {
        uint32_t address = unit_random_below(&random_state, UINT32_MAX);
        bool expected = true;
        for (size_t i = 0; i < count; i++)
            expected = expected && (address < first[i] || address > last[i]);
        if (allows_v4(guard, address) != expected)
            fail_msg("%08x should be %s", address, expected ? "allowed" : "refused");
    }
}

TEST(ipv4_address_inside_ipv6_is_judged_as_ipv4) {
    char mapped[64];
    for (size_t i = 0; i < RANGES; i++) {
        if (!is_v4(ranges[i].first) || !ranges[i].after)
            continue;
        (void)snprintf(mapped, sizeof mapped, "::ffff:%s", ranges[i].last);
        assert_verdict(guard, mapped, false);
        (void)snprintf(mapped, sizeof mapped, "::ffff:%s", ranges[i].after + (ranges[i].after[0] == '+'));
        assert_verdict(guard, mapped, ranges[i].after[0] == '+');
    }
}

TEST(other_forms_that_carry_an_ipv4_address_are_refused) {
    static const char *const forms[] = {"::127.0.0.1",
                                        "::8.8.8.8",
                                        "::ffff:0:127.0.0.1",
                                        "64:ff9b::7f00:1",
                                        "64:ff9b::808:808",
                                        "64:ff9b:1::7f00:1",
                                        "2002:7f00:1::",
                                        "2002:808:808::",
                                        "2001:0:7f00:1::80",
                                        "fe80::1",
                                        "fd00:ec2::254",
                                        "fec0::1",
                                        "ff02::1",
                                        "::1",
                                        "5f00::1",
                                        "100::1"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        assert_verdict(guard, forms[i], false);
}

TEST(allowed_prefix_opens_what_is_special) {
    struct guard *g = create("10.1.0.0/16", NULL);
    assert_verdict(g, "10.0.255.255", false);
    assert_verdict(g, "10.1.0.0", true);
    assert_verdict(g, "10.1.255.255", true);
    assert_verdict(g, "::ffff:10.1.2.3", true);
    assert_verdict(g, "10.2.0.0", false);
    assert_verdict(g, "127.0.0.1", false);
    assert_verdict(g, "8.8.8.8", true);
    guard_destroy(g);
}

TEST(denied_prefix_wins) {
    struct guard *g = create("10.0.0.0/8", "10.1.0.0/16");
    assert_verdict(g, "10.0.0.1", true);
    assert_verdict(g, "10.1.0.1", false);
    assert_verdict(g, "::ffff:10.1.0.1", false);
    guard_destroy(g);
    g = create(NULL, "8.8.8.0/24");
    assert_verdict(g, "8.8.8.8", false);
    assert_verdict(g, "8.8.9.8", true);
    guard_destroy(g);
}

TEST(address_is_a_prefix_of_its_full_length) {
    struct guard *g = create("127.0.0.1", "2600::1");
    assert_verdict(g, "127.0.0.1", true);
    assert_verdict(g, "127.0.0.2", false);
    assert_verdict(g, "2600::1", false);
    assert_verdict(g, "2600::2", true);
    guard_destroy(g);
}

TEST(prefix_of_no_bits_is_all_of_its_family) {
    struct guard *g = create("0.0.0.0/0", NULL);
    assert_verdict(g, "255.255.255.255", true);
    assert_verdict(g, "::ffff:0.0.0.0", true);
    assert_verdict(g, "::1", false);
    guard_destroy(g);
    g = create("::/0", NULL);
    assert_verdict(g, "::1", true);
    assert_verdict(g, "ff02::1", true);
    assert_verdict(g, "127.0.0.1", false);
    assert_verdict(g, "::ffff:127.0.0.1", false);
    guard_destroy(g);
    g = create(NULL, "::/0");
    assert_verdict(g, "2600::1", false);
    assert_verdict(g, "8.8.8.8", true);
    guard_destroy(g);
}

TEST(every_number_of_bits_has_its_edge) {
    for (unsigned bits = 1; bits <= 128; bits++) {
        char text[32];
        (void)snprintf(text, sizeof text, "::/%u", bits);
        struct guard *g = create(text, NULL);
        struct in6_addr address = {0};
        address.s6_addr[(bits - 1) / 8] = (uint8_t)(0x80 >> (bits - 1) % 8);
        assert_int_equal(allows_v6(g, &address), bits == 3); /* outside: refused but for 2000:: */
        if (bits < 128) {
            address = (struct in6_addr){0};
            address.s6_addr[bits / 8] = (uint8_t)(0x80 >> bits % 8);
            assert_true(allows_v6(g, &address));
        }
        guard_destroy(g);
    }
}

TEST(bits_behind_the_prefix_do_not_count) {
    struct guard *g = create("10.1.2.3/9", NULL);
    assert_verdict(g, "10.127.0.0", true);
    assert_verdict(g, "10.128.0.0", false);
    guard_destroy(g);
}

TEST(prefix_has_one_spelling) {
    static const char *const right[] = {"10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32", "127.0.0.1",        "::/0",
                                        "::1",        "fd00::/8",  "2001:DB8::/32",      "::ffff:1.2.3.4/97"};
    static const char *const wrong[] = {
        "",
        "/",
        "/8",
        "10/8",
        "10.0.0/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/ 8",
        "10.0.0.0/8 ",
        " 10.0.0.0",
        "10.0.0.0/8/8",
        "010.0.0.1",
        "10.0.0.256",
        "0x7f.0.0.1",
        "::/129",
        "::1/0x8",
        "fe80::1%lo",
        "[::1]",
        "localhost",
        "10.0.0.0/0008",
        "::/99999999999",
        "1.2.3.4.5",
        ":::",
        "0000:0000:0000:0000:0000:0000:255.255.255.255x" /* as long as the room for one */,
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_null(guard_check_prefix(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_string_equal(guard_check_prefix(wrong[i]),
                            "must be an address or a prefix such as 10.0.0.0/8 or fd00::/8");
}

TEST(first_bad_prefix_is_named) {
    char *good[] = {(char *)(uintptr_t) "10.0.0.0/8", (char *)(uintptr_t) "::1"};
    char *mixed[] = {(char *)(uintptr_t) "10.0.0.0/8", (char *)(uintptr_t) "bad", (char *)(uintptr_t) "worse"};
    const struct guard_rules rules[] = {
        {.allow = mixed, .allow_count = 3, .deny = good, .deny_count = 2},
        {.allow = good, .allow_count = 2, .deny = mixed, .deny_count = 3},
    };
    for (int i = 0; i < 2; i++) {
        struct guard *g = NULL;
        const char *bad = NULL;
        assert_int_equal(guard_create(&rules[i], &g, &bad), ERR_INVALID);
        assert_ptr_equal(bad, mixed[1]);
        assert_null(g);
    }
}

TEST(other_families_are_refused) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct guard *g = create("0.0.0.0/0", NULL);
    for (sa_family_t family = 0; family < 50; family++) {
        address.ss_family = family;
        bool known = family == AF_INET;
        assert_int_equal(guard_allows(g, (const struct sockaddr *)&address, sizeof address), known);
    }
    guard_destroy(g);
}

/* In memory of just that length, so that reading more is noticed. */
TEST(short_address_is_refused) {
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x26}};
    for (size_t len = sizeof(sa_family_t); len <= sizeof v6; len++) {
        struct sockaddr *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, &v6, len);
        assert_int_equal(guard_allows(guard, copy, (socklen_t)len), len == sizeof v6);
        memcpy(copy, &v4, len < sizeof v4 ? len : sizeof v4);
        assert_int_equal(guard_allows(guard, copy, (socklen_t)len), len >= sizeof v4);
        free(copy);
    }
    assert_false(guard_allows(guard, (const struct sockaddr *)&v4, 0));
}

static void create_with_lists(void) {
    char *list[] = {(char *)(uintptr_t) "10.0.0.0/8"};
    const struct guard_rules rules = {.allow = list, .allow_count = 1, .deny = list, .deny_count = 1};
    struct guard *g = NULL;
    const char *bad = NULL;
    enum err err = guard_create(&rules, &g, &bad);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    assert_int_equal(g != NULL, err == ERR_NONE);
    guard_destroy(g);
}

TEST(create_without_memory_fails) {
    unit_fail_each_allocation(create_with_lists);
}

#define GUARD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        GUARD_TEST(special_ranges_are_refused_to_their_edges),
        GUARD_TEST(any_ipv4_address_is_judged_as_the_table_says),
        GUARD_TEST(ipv4_address_inside_ipv6_is_judged_as_ipv4),
        GUARD_TEST(other_forms_that_carry_an_ipv4_address_are_refused),
        cmocka_unit_test(allowed_prefix_opens_what_is_special),
        cmocka_unit_test(denied_prefix_wins),
        cmocka_unit_test(address_is_a_prefix_of_its_full_length),
        cmocka_unit_test(prefix_of_no_bits_is_all_of_its_family),
        cmocka_unit_test(every_number_of_bits_has_its_edge),
        cmocka_unit_test(bits_behind_the_prefix_do_not_count),
        cmocka_unit_test(prefix_has_one_spelling),
        cmocka_unit_test(first_bad_prefix_is_named),
        cmocka_unit_test(other_families_are_refused),
        GUARD_TEST(short_address_is_refused),
        cmocka_unit_test(create_without_memory_fails),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
