#include "pool/pace.h"

#include "unit.h"

enum { START_MS = 100000 };

TEST(nothing_is_known_at_first) {
    struct pace p = {0};
    pace_count(&p, 100);
    assert_int_equal(pace_seconds(&p, 1, START_MS), 2);
    assert_int_equal(pace_seconds(&p, 1000, START_MS + 1), 2);
}

TEST(pace_is_that_since_the_last_question) {
    struct pace p = {0};
    (void)pace_seconds(&p, 1, START_MS);
    pace_count(&p, 100);
    assert_int_equal(pace_seconds(&p, 450, START_MS + 1000), 5);
    pace_count(&p, 100);
    assert_int_equal(pace_seconds(&p, 450, START_MS + 10000), 41);
}

TEST(pace_of_long_ago_says_nothing) {
    struct pace p = {0};
    (void)pace_seconds(&p, 1, START_MS);
    pace_count(&p, 100);
    assert_int_equal(pace_seconds(&p, 450, START_MS + 10001), 2);
    pace_count(&p, 100);
    assert_int_equal(pace_seconds(&p, 450, START_MS + 11001), 5);
}

TEST(questions_at_once_have_one_answer) {
    struct pace p = {0};
    (void)pace_seconds(&p, 1, START_MS);
    pace_count(&p, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pace_seconds(&p, 450, START_MS + 1000 + i), 5);
}

TEST(answer_is_from_a_second_to_a_minute) {
    struct pace p = {0};
    (void)pace_seconds(&p, 1, START_MS);
    pace_count(&p, 10);
    assert_int_equal(pace_seconds(&p, 0, START_MS + 1000), 1);
    assert_int_equal(pace_seconds(&p, 9, START_MS + 1000), 1);
    assert_int_equal(pace_seconds(&p, 599, START_MS + 1000), 60);
    assert_int_equal(pace_seconds(&p, SIZE_MAX, START_MS + 1000), 60);
    assert_int_equal(pace_seconds(&p, 1, START_MS + 9000), 2); /* nothing was done since */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),           cmocka_unit_test(pace_is_that_since_the_last_question),
        cmocka_unit_test(pace_of_long_ago_says_nothing),       cmocka_unit_test(questions_at_once_have_one_answer),
        cmocka_unit_test(answer_is_from_a_second_to_a_minute),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
