#include "pool/fetch_include.h"

#include "unit.h"

#include <string.h>

static unsigned find(const char *name) {
    return fetch_include_find(name, strlen(name));
}

TEST(every_name_is_a_part_of_its_own) {
    static const char *const names[] = {"headers",    "body", "timings", "redirects",
                                        "connection", "tls",  "sha256",  "attempts"};
    unsigned all = 0;
    char listed[100] = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsigned part = find(names[i]);
        assert_int_not_equal(part, 0);
        assert_int_equal(all & part, 0);
        assert_string_equal(fetch_include_name(part), names[i]);
        all |= part;
        (void)strncat(listed, i ? ", " : "", 3);
        (void)strncat(listed, names[i], 20);
    }
    assert_string_equal(listed, FETCH_INCLUDE_NAMES);
}

TEST(other_names_are_no_parts) {
    static const char *const names[] = {"", "Body", "bod", "bodyx", " body", "status", "headers,body"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(find(names[i]), 0);
}

TEST(what_is_no_part_has_no_name) {
    assert_string_equal(fetch_include_name(0), "");
    assert_string_equal(fetch_include_name(1U << 31), "");
}

TEST(only_the_given_bytes_count) {
    assert_int_equal(fetch_include_find("body,timings", 4), FETCH_INCLUDE_BODY);
    assert_int_equal(fetch_include_find("body", 3), 0);
    assert_int_equal(fetch_include_find("body\0x", 6), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_a_part_of_its_own),
        cmocka_unit_test(other_names_are_no_parts),
        cmocka_unit_test(what_is_no_part_has_no_name),
        cmocka_unit_test(only_the_given_bytes_count),
    };
    return cmocka_run_group_tests_name("fetch_include", tests, NULL, NULL);
}
