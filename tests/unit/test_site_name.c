#include "api/site_name.h"
#include "unit.h"

#include <string.h>

TEST(hosts_are_read_without_their_port) {
    static const struct {
        const char *host;
        const char *name;
        bool is_address;
    } rows[] = {
        {"example.com", "example.com", false},
        {"example.com:80", "example.com", false},
        {"example.com:", "example.com", false},
        {"EXAMPLE.com.:65535", "EXAMPLE.com", false},
        {"a_b-c.1", "a_b-c.1", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1:8080", "192.0.2.1", true},
        {"192.0.2.1.", "192.0.2.1", true},
        {"192.0.2.256", "192.0.2.256", false},
        {"127.1", "127.1", false},
        {"0x7f000001", "0x7f000001", false},
        {"[::1]", "::1", true},
        {"[2001:db8::1]:8080", "2001:db8::1", true},
        {"[::ffff:192.0.2.1]", "::ffff:192.0.2.1", true},
        {".", ".", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_host host;
        assert_true(site_name_parse(rows[i].host, &host));
        assert_string_equal(host.name, rows[i].name);
        assert_int_equal(host.is_address, rows[i].is_address);
    }
}

TEST(what_is_no_host_is_refused) {
    static const char *const rows[] = {"",         ":80",  "a b",      "a,b",         "a:b",     "a:80:80", "a:-1",
                                       "a:123456", "a/",   "http://a", "u@a",         "a%41",    "::1",     "[::1",
                                       "[::1]x",   "[a]",  "[]",       "[192.0.2.1]", "\xff",    "*",       "a?",
                                       "a#",       "a\\b", " a",       "a ",          "[::1]:x", "[::1%1]"};
    struct site_host host;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_false(site_name_parse(rows[i], &host));
    char longest[SITE_NAME_BYTES + 1];
    memset(longest, 'a', SITE_NAME_BYTES);
    longest[SITE_NAME_BYTES] = '\0';
    assert_false(site_name_parse(longest, &host));
    assert_true(site_name_parse(longest + 1, &host));
}

TEST(localhost_has_names_below_it) {
    assert_true(site_name_is_localhost("localhost"));
    assert_true(site_name_is_localhost("LocalHost"));
    assert_true(site_name_is_localhost("a.localhost"));
    assert_false(site_name_is_localhost("localhost.example.com"));
}

TEST(an_authority_stands_behind_the_scheme) {
    assert_string_equal(site_name_authority("https://a:1"), "a:1");
    assert_string_equal(site_name_authority("HTTP://a"), "a");
    assert_null(site_name_authority("null"));
    assert_null(site_name_authority("ftp://a"));
    assert_null(site_name_authority(""));
}

TEST(settings_are_checked) {
    assert_null(site_name_check_host("*"));
    assert_null(site_name_check_host("fetchpool"));
    assert_non_null(site_name_check_host("fetchpool:8080"));
    assert_non_null(site_name_check_host(""));
    assert_null(site_name_check_origin("*"));
    assert_null(site_name_check_origin("http://localhost:3000"));
    assert_null(site_name_check_origin("https://example.com"));
    assert_null(site_name_check_origin("https://example.com:80"));
    assert_null(site_name_check_origin("http://[::1]:8443"));
    assert_null(site_name_check_origin("http://[::80]"));
    assert_non_null(site_name_check_origin("https://example.com:443"));
    assert_non_null(site_name_check_origin("HTTP://example.com:80"));
    assert_non_null(site_name_check_origin("http://example.com:"));
    assert_non_null(site_name_check_origin("https://example.com/"));
    assert_non_null(site_name_check_origin("example.com"));
    assert_non_null(site_name_check_origin("null"));
    assert_non_null(site_name_check_origin("https://"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_read_without_their_port),
        cmocka_unit_test(what_is_no_host_is_refused),
        cmocka_unit_test(localhost_has_names_below_it),
        cmocka_unit_test(an_authority_stands_behind_the_scheme),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests_name("site_name", tests, NULL, NULL);
}
