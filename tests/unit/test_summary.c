#include "cli/summary.h"

#include "unit.h"

static struct summary s;

static int end(void **state) {
    (void)state;
    summary_fini(&s);
    return 0;
}

static void add(size_t index, int status, enum fetch_error error, int64_t elapsed_us) {
    const struct fetch_result result = {
        .status = status, .error = error, .error_text = "why", .elapsed_us = elapsed_us, .size_bytes = 10};
    summary_add(&s, index, &result);
}

TEST(results_are_counted_by_what_came) {
    assert_int_equal(summary_init(&s, 5, false), ERR_NONE);
    add(0, 200, FETCH_OK, 1);
    add(1, 399, FETCH_OK, 1);
    add(2, 400, FETCH_OK, 1);
    add(3, 0, FETCH_DNS, 1);
    assert_int_equal(s.done, 4);
    assert_int_equal(s.failed, 2);
    assert_int_equal(s.by_status[399], 1);
    assert_int_equal(s.by_error[FETCH_DNS], 1);
    assert_int_equal(s.size_bytes, 30);
    assert_int_equal(s.failure_count, 2);
    assert_string_equal(s.failures[1].error_text, "why");
    assert_int_equal(summary_percentile_us(&s, 50), 0);
}

TEST(the_slowest_are_kept_in_order) {
    assert_int_equal(summary_init(&s, 100, false), ERR_NONE);
    for (size_t i = 0; i < 100; i++)
        add(i, 200, FETCH_OK, (int64_t)(i * 37 % 100));
    assert_int_equal(s.slowest_count, SUMMARY_SLOWEST);
    for (size_t i = 0; i < SUMMARY_SLOWEST; i++)
        assert_int_equal(s.slowest[i].elapsed_us, 99 - i);
}

TEST(those_that_were_not_begun_are_not_slow) {
    assert_int_equal(summary_init(&s, 2, false), ERR_NONE);
    add(0, 0, FETCH_CANCELLED, 0);
    assert_int_equal(s.slowest_count, 0);
}

TEST(percentiles_are_of_the_nearest_rank) {
    assert_int_equal(summary_init(&s, 10, true), ERR_NONE);
    for (int64_t us = 10; us > 0; us--)
        add((size_t)us - 1, 200, FETCH_OK, us);
    assert_int_equal(summary_percentile_us(&s, 50), 5);
    assert_int_equal(summary_percentile_us(&s, 90), 9);
    assert_int_equal(summary_percentile_us(&s, 99), 10);
    assert_int_equal(summary_percentile_us(&s, 100), 10);
}

#define SUMMARY_TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SUMMARY_TEST(results_are_counted_by_what_came),
        SUMMARY_TEST(the_slowest_are_kept_in_order),
        SUMMARY_TEST(those_that_were_not_begun_are_not_slow),
        SUMMARY_TEST(percentiles_are_of_the_nearest_rank),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
