#include "pool/prefix.h"

#include "unit.h"

#include <stdio.h>

static struct prefix parse(const char *text) {
    struct prefix p = {0};
    if (!prefix_parse(text, &p))
        fail_msg("'%s' is no prefix", text);
    return p;
}

static void assert_contains(const char *prefix, const char *address, bool expected) {
    struct prefix p = parse(prefix);
    struct address a = {0};
    assert_true(address_parse(address, &a));
    if (prefix_contains(&p, a) != expected)
        fail_msg("%s should %sbe in %s", address, expected ? "" : "not ", prefix);
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
        "0000:0000:0000:0000:0000:0000:255.255.255.255xxx" /* as long as the room for one */,
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    struct prefix p;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        (void)parse(right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (prefix_parse(wrong[i], &p))
            fail_msg("'%s' is a prefix", wrong[i]);
}

TEST(every_number_of_bits_has_its_edge) {
    for (unsigned bits = 1; bits <= 128; bits++) {
        char text[32];
        (void)snprintf(text, sizeof text, "ffff::/%u", bits); /* 16 bits set, and no IPv4 */
        struct prefix p = parse(text);
        struct address inside = p.value, outside = p.value;
        if (bits <= 64)
            outside.high ^= UINT64_C(1) << (64 - bits);
        else
            outside.low ^= UINT64_C(1) << (128 - bits);
        if (bits < 64)
            inside.high ^= UINT64_C(1) << (63 - bits);
        else if (bits < 128)
            inside.low ^= UINT64_C(1) << (127 - bits);
        assert_true(prefix_contains(&p, p.value));
        assert_true(prefix_contains(&p, inside));
        assert_false(prefix_contains(&p, outside));
    }
}

TEST(prefix_of_no_bits_is_all_of_its_family) {
    assert_contains("0.0.0.0/0", "255.255.255.255", true);
    assert_contains("0.0.0.0/0", "::ffff:1.2.3.4", true);
    assert_contains("0.0.0.0/0", "::1", false);
    assert_contains("0.0.0.0/0", "::", false);
    assert_contains("::/0", "::1", true);
    assert_contains("::/0", "ff02::1", true);
    assert_contains("::/0", "127.0.0.1", false);
    assert_contains("::/0", "::ffff:127.0.0.1", false);
    assert_contains("::/95", "::ffff:127.0.0.1", false);
}

TEST(bits_behind_the_prefix_do_not_count) {
    assert_contains("10.1.2.3/9", "10.127.0.0", true);
    assert_contains("10.1.2.3/9", "10.128.0.0", false);
}

TEST(address_is_a_prefix_of_its_full_length) {
    assert_contains("127.0.0.1", "127.0.0.1", true);
    assert_contains("127.0.0.1", "127.0.0.2", false);
    assert_contains("2600::1", "2600::1", true);
    assert_contains("2600::1", "2600::", false);
}

TEST(prefix_is_written_as_it_is_read) {
    static const char *const texts[][2] = {
        {"10.1.2.3/8", "10.0.0.0/8"}, {"127.0.0.1", "127.0.0.1/32"}, {"::/0", "::/0"},
        {"0.0.0.0/0", "0.0.0.0/0"},   {"FD00::1/8", "fd00::/8"},     {"::ffff:1.2.3.4/104", "1.0.0.0/8"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[PREFIX_TEXT_BYTES];
        struct prefix p = parse(texts[i][0]);
        prefix_print(&p, text);
        assert_string_equal(text, texts[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_has_one_spelling),
        cmocka_unit_test(every_number_of_bits_has_its_edge),
        cmocka_unit_test(prefix_of_no_bits_is_all_of_its_family),
        cmocka_unit_test(bits_behind_the_prefix_do_not_count),
        cmocka_unit_test(address_is_a_prefix_of_its_full_length),
        cmocka_unit_test(prefix_is_written_as_it_is_read),
    };
    return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
