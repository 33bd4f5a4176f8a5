#include "cli/problem_read.h"

#include "base/utf8.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static char text[CLI_ERROR_BYTES];

TEST(a_problem_is_told_with_its_places) {
    problem_read(
        "{\"title\":\"Unprocessable\",\"status\":422,\"detail\":\"wrong\",\"errors\":[{\"pointer\":\"/timeout\","
        "\"detail\":\"too long\"},{\"pointer\":\"/urls/0\",\"detail\":\"none\"}]}",
        422, 0, text);
    assert_string_equal(text, "refused (422): wrong; /timeout: too long; /urls/0: none");
}

TEST(when_to_come_back_is_told) {
    problem_read("{\"title\":\"full\"}", 503, 7, text);
    assert_string_equal(text, "refused (503): full; try again in 7 s");
}

TEST(what_is_no_problem_is_told) {
    static const char *const bodies[] = {"", "<html>", "[]", "{\"detail\":", "{\"a\":1} x"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        problem_read(bodies[i], 404, 0, text);
        assert_string_equal(text, "refused (404): this is not an answer of fetchpoold");
    }
}

TEST(no_text_moves_the_cursor) {
    problem_read("{\"detail\":\"\\u001b[2J\\n\",\"errors\":5}", 400, 0, text);
    assert_string_equal(text, "refused (400): ?[2J?");
}

TEST(long_texts_are_cut) {
    static char body[16 * CLI_ERROR_BYTES];
    for (size_t len = 1000; len < 6 * CLI_ERROR_BYTES; len += 777) {
        (void)snprintf(body, sizeof body,
                       "{\"detail\":\"a%0*d\",\"errors\":[{\"pointer\":\"/b\",\"detail\":\"c%0*d\"}]}", (int)len, 0,
                       (int)len, 0);
        problem_read(body, 400, 5, text);
        assert_memory_equal(text, "refused (400): a000", 19);
        assert_non_null(strstr(text, "000; /b: c000"));
        assert_non_null(strstr(text, "000; try again in 5 s"));
        assert_true(strlen(text) < CLI_ERROR_BYTES - 100);
    }
}

TEST(long_texts_are_cut_between_characters) {
    static char body[2 * CLI_ERROR_BYTES];
    for (size_t before = 0; before < 4; before++) {
        int len = snprintf(body, sizeof body, "{\"detail\":\"%.*s", (int)before, "xxx");
        for (size_t i = 0; i < 700; i++)
            len += snprintf(body + len, sizeof body - (size_t)len, "€");
        (void)snprintf(body + len, sizeof body - (size_t)len, "\"}");
        problem_read(body, 400, 0, text);
        assert_true(strlen(text) > 1000 && utf8_is_valid(text, strlen(text)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_told_with_its_places),
        cmocka_unit_test(when_to_come_back_is_told),
        cmocka_unit_test(what_is_no_problem_is_told),
        cmocka_unit_test(no_text_moves_the_cursor),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests_name("problem_read", tests, NULL, NULL);
}
