#include "cli/problem_read.h"

#include "unit.h"

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

TEST(long_texts_end_in_their_room) {
    static char body[3 * CLI_ERROR_BYTES] = "{\"detail\":\"";
    memset(body + 11, 'x', CLI_ERROR_BYTES - 20);
    (void)strncat(body, "\",\"errors\":[{\"pointer\":\"/aaaaaaaaaaaaaaaaaaaaaaaa\",\"detail\":\"bbbbbbbbbbbbbbbb\"}]}",
                  200);
    problem_read(body, 400, 5, text);
    assert_int_equal(strlen(text), CLI_ERROR_BYTES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_told_with_its_places), cmocka_unit_test(when_to_come_back_is_told),
        cmocka_unit_test(what_is_no_problem_is_told),        cmocka_unit_test(no_text_moves_the_cursor),
        cmocka_unit_test(long_texts_end_in_their_room),
    };
    return cmocka_run_group_tests_name("problem_read", tests, NULL, NULL);
}
