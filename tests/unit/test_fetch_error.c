#include "pool/fetch_error.h"

#include "unit.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_api),
        cmocka_unit_test(every_error_has_a_phrase_of_its_own),
    };
    return cmocka_run_group_tests_name("fetch_error", tests, NULL, NULL);
}
