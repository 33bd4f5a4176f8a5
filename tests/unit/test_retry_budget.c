#include "pool/retry_budget.h"

#include "unit.h"

enum { HALF_MS = RETRY_BUDGET_SPAN_MS / 2, NOW_MS = 100 * RETRY_BUDGET_SPAN_MS };

static struct retry_budget budget;

static void count_n(int n, int64_t now_ms) {
    for (int i = 0; i < n; i++)
        retry_budget_count(&budget, now_ms);
}

static int take_all(int64_t now_ms) {
    int taken = 0;
    while (retry_budget_take(&budget, now_ms))
        taken++;
    return taken;
}

static int end(void **state) {
    (void)state;
    retry_budget_fini(&budget);
    return 0;
}

TEST(few_retries_are_free) {
    retry_budget_init(&budget, 10);
    assert_int_equal(take_all(NOW_MS), RETRY_BUDGET_FREE);
    count_n(9, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 0);
}

TEST(retries_are_a_share_of_the_fetches) {
    retry_budget_init(&budget, 10);
    count_n(1000, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 100 + RETRY_BUDGET_FREE);
    count_n(10, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 1);
}

TEST(share_may_be_more_than_the_fetches) {
    retry_budget_init(&budget, 250);
    count_n(100, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 250 + RETRY_BUDGET_FREE);
}

TEST(without_a_share_none_is_free) {
    retry_budget_init(&budget, 0);
    count_n(1000, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 0);
}

TEST(window_moves_on_by_halves) {
    retry_budget_init(&budget, 10);
    count_n(1000, NOW_MS);
    assert_int_equal(take_all(NOW_MS + HALF_MS - 1), 110);
    count_n(100, NOW_MS + HALF_MS);
    assert_int_equal(take_all(NOW_MS + HALF_MS), 10);
    assert_int_equal(take_all(NOW_MS + RETRY_BUDGET_SPAN_MS), RETRY_BUDGET_FREE); /* 100 fetches, 10 retries are left */
    assert_int_equal(take_all(NOW_MS + RETRY_BUDGET_SPAN_MS + 2 * HALF_MS), RETRY_BUDGET_FREE); /* nothing is */
}

/* A thread may look at the clock just before another half begins, and be let in after one that looked later. */
TEST(late_thread_does_not_turn_the_window_back) {
    retry_budget_init(&budget, 10);
    count_n(1000, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 110);
    count_n(1, NOW_MS - 1);
    assert_int_equal(take_all(NOW_MS - 1), 0);
    assert_int_equal(take_all(NOW_MS), 0);
    count_n(999, NOW_MS);
    assert_int_equal(take_all(NOW_MS), 100);
}

#define BUDGET_TEST(name) cmocka_unit_test_setup_teardown(name, NULL, end)

TEST(share_may_change) {
    retry_budget_init(&budget, 0);
    assert_false(retry_budget_take(&budget, 0));
    retry_budget_set(&budget, 10);
    assert_true(retry_budget_take(&budget, 0));
    retry_budget_fini(&budget);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_may_change),
        BUDGET_TEST(few_retries_are_free),
        BUDGET_TEST(retries_are_a_share_of_the_fetches),
        BUDGET_TEST(share_may_be_more_than_the_fetches),
        BUDGET_TEST(without_a_share_none_is_free),
        BUDGET_TEST(window_moves_on_by_halves),
        BUDGET_TEST(late_thread_does_not_turn_the_window_back),
    };
    return cmocka_run_group_tests_name("retry_budget", tests, NULL, NULL);
}
