#include "pool/fetch_error.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

/* The closed list of the API, in the order of the enumeration. */
static const char *const names[] = {"",
                                    "invalid_url",
                                    "unsupported_scheme",
                                    "blocked",
                                    "dns",
                                    "connect",
                                    "connect_timeout",
                                    "timeout",
                                    "tls",
                                    "tls_verify",
                                    "too_many_redirects",
                                    "too_large",
                                    "empty_reply",
                                    "send",
                                    "recv",
                                    "http2",
                                    "decode",
                                    "protocol",
                                    "deadline",
                                    "cancelled",
                                    "queue_full",
                                    "host_paused",
                                    "shutdown",
                                    "internal"};

TEST(names_are_those_of_the_api) {
    assert_int_equal(sizeof names / sizeof names[0], FETCH_ERROR_COUNT);
    for (int i = 0; i < FETCH_ERROR_COUNT; i++)
        assert_string_equal(fetch_error_name((enum fetch_error)i), names[i]);
}

TEST(every_error_has_a_phrase_of_its_own) {
    assert_string_equal(fetch_error_phrase(FETCH_OK), "");
    for (int i = FETCH_OK + 1; i < FETCH_ERROR_COUNT; i++) {
        assert_true(strlen(fetch_error_phrase((enum fetch_error)i)) > 0);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(fetch_error_phrase((enum fetch_error)i), fetch_error_phrase((enum fetch_error)k));
    }
}

static void assert_no_name(const char *text) {
    assert_int_equal(fetch_error_learn(text, strlen(text)), FETCH_OK);
}

TEST(names_of_the_list_are_found) {
    for (int i = FETCH_OK + 1; i < FETCH_ERROR_COUNT; i++)
        assert_int_equal(fetch_error_learn(names[i], strlen(names[i])), i);
    assert_int_equal(fetch_error_learn("dns_x", 3), FETCH_DNS);
}

TEST(what_is_no_name_is_not_learned) {
    assert_no_name("");
    assert_no_name("Dns");
    assert_no_name("a-b");
    assert_no_name("a\x1b[0m");
    assert_no_name("\xC3\xA4");
    assert_no_name("a23456789_a23456789_a23456789_a23456789_a23456789_a23456789_12345");
}

/* The last one: the process has no more places then. */
TEST(a_name_that_is_new_keeps_its_number_and_there_are_few) {
    char name[FETCH_ERROR_NAME_BYTES + 1];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < FETCH_ERROR_OTHERS; i++) {
            (void)snprintf(name, sizeof name, "new_%060d", i);
            enum fetch_error error = fetch_error_learn(name, strlen(name));
            assert_int_equal(error, FETCH_ERROR_COUNT + i);
            assert_string_equal(fetch_error_name(error), name);
        }
    assert_no_name("one_more");
    assert_int_equal(fetch_error_learn("dns", 3), FETCH_DNS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_api),
        cmocka_unit_test(every_error_has_a_phrase_of_its_own),
        cmocka_unit_test(names_of_the_list_are_found),
        cmocka_unit_test(what_is_no_name_is_not_learned),
        cmocka_unit_test(a_name_that_is_new_keeps_its_number_and_there_are_few),
    };
    return cmocka_run_group_tests_name("fetch_error", tests, NULL, NULL);
}
