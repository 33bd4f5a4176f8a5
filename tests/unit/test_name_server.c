#include "pool/name_server.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void assert_joined(char *text, const char *expected) {
    char *joined = NULL;
    const char *bad = NULL;
    assert_null(name_server_check(text));
    assert_int_equal(name_server_join(&text, 1, &joined, &bad), ERR_NONE);
    assert_string_equal(joined, expected);
    free(joined);
}

TEST(port_is_53_where_none_is_given) {
    assert_joined("192.0.2.53", "192.0.2.53:53");
    assert_joined("2001:db8::53", "[2001:db8::53]:53");
    assert_joined("[2001:db8::53]", "[2001:db8::53]:53");
    assert_joined("::1", "[::1]:53");
}

TEST(port_may_be_given) {
    assert_joined("192.0.2.53:1", "192.0.2.53:1");
    assert_joined("192.0.2.53:65535", "192.0.2.53:65535");
    assert_joined("[::ffff:192.0.2.53]:5353", "[::ffff:192.0.2.53]:5353");
}

TEST(what_is_no_server_is_refused) {
    static char *const texts[] = {
        "",
        "ns.test",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.53:",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        ":53",
        "[::1",
        "::1]",
        "[::1]53",
        "[192.0.2.53]:53",
        "[]",
        "[::1]:",
        "192.0.2.53:99999999999",
        "192.0.2.53:5a",
        "192.0.2.53 ",
        "[::1]:53:53",
        "192.0.2.53:-1",
        "fe80::1%lo",
        "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *joined = NULL;
        const char *bad = NULL;
        assert_non_null(name_server_check(texts[i]));
        assert_int_equal(name_server_join(&texts[i], 1, &joined, &bad), ERR_INVALID);
        assert_ptr_equal(bad, texts[i]);
        assert_null(joined);
    }
}

static char *const several[] = {"192.0.2.53", "[2001:db8::53]:5353", "192.0.2.54"};

TEST(several_are_joined_in_their_order) {
    char *joined = NULL;
    const char *bad = NULL;
    assert_int_equal(name_server_join(several, 3, &joined, &bad), ERR_NONE);
    assert_string_equal(joined, "192.0.2.53:53,[2001:db8::53]:5353,192.0.2.54:53");
    free(joined);
    assert_int_equal(name_server_join(NULL, 0, &joined, &bad), ERR_NONE);
    assert_string_equal(joined, "");
    free(joined);
}

static void join_without_memory(void) {
    char *joined = NULL;
    const char *bad = NULL;
    enum err err = name_server_join(several, 3, &joined, &bad);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    free(joined);
}

TEST(joining_copes_without_memory) {
    unit_fail_each_allocation(join_without_memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_is_53_where_none_is_given), cmocka_unit_test(port_may_be_given),
        cmocka_unit_test(what_is_no_server_is_refused),   cmocka_unit_test(several_are_joined_in_their_order),
        cmocka_unit_test(joining_copes_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
