#include "api/quota.h"

#include "unit.h"
#include "unit_random.h"

static struct quota q;
static struct token_limits limits;

static int begin(void **state) {
    (void)state;
    q = (struct quota){0};
    limits = (struct token_limits){0};
    return 0;
}

static void assert_take(enum quota_verdict expected, int64_t urls, int64_t now_ms) {
    assert_int_equal(quota_take(&q, &limits, urls, now_ms), expected);
}

TEST(without_limits_everything_is_taken) {
    assert_take(QUOTA_TAKEN, 1000000, 0);
    assert_take(QUOTA_TAKEN, 1000000, 0);
    assert_int_equal(q.in_flight, 2000000);
}

TEST(a_minutes_worth_may_be_taken_at_once) {
    limits.urls_per_minute = 600;
    assert_take(QUOTA_TAKEN, 600, 5000);
    assert_take(QUOTA_MINUTE_IS_FULL, 1, 5000);
    assert_take(QUOTA_MINUTE_IS_FULL, 1, 5099);
    assert_take(QUOTA_TAKEN, 1, 5100);
    assert_take(QUOTA_MINUTE_IS_FULL, 1, 5199);
    assert_take(QUOTA_TAKEN, 300, 35100);
}

TEST(what_is_refused_takes_nothing) {
    limits = (struct token_limits){.urls_per_minute = 600, .max_in_flight = 10};
    assert_take(QUOTA_TAKEN, 10, 0);
    assert_take(QUOTA_FLIGHT_IS_FULL, 1, 0);
    quota_give_back(&q, 10);
    assert_int_equal(quota_look(&q, &limits, 0).urls_this_minute, 590);
    assert_int_equal(quota_look(&q, &limits, 0).in_flight, 10);
    limits.max_in_flight = 0;
    assert_take(QUOTA_MINUTE_IS_FULL, 591, 0);
    assert_take(QUOTA_TAKEN, 590, 0);
}

TEST(what_never_fits_is_told_from_what_may_fit_later) {
    limits = (struct token_limits){.urls_per_minute = 100, .max_in_flight = 50};
    assert_take(QUOTA_TOO_MANY, 51, 0);
    limits.max_in_flight = 200;
    assert_take(QUOTA_TOO_MANY, 101, 0);
    assert_take(QUOTA_TAKEN, 100, 0);
    assert_take(QUOTA_MINUTE_IS_FULL, 100, 0);
}

TEST(flight_is_given_back_one_by_one) {
    limits.max_in_flight = 3;
    assert_take(QUOTA_TAKEN, 3, 0);
    assert_take(QUOTA_FLIGHT_IS_FULL, 1, 1000000);
    quota_give_back(&q, 1);
    assert_take(QUOTA_FLIGHT_IS_FULL, 2, 1000000);
    assert_take(QUOTA_TAKEN, 1, 1000000);
}

TEST(undo_leaves_no_trace) {
    limits = (struct token_limits){.urls_per_minute = 100, .max_in_flight = 100};
    assert_take(QUOTA_TAKEN, 40, 0);
    assert_take(QUOTA_TAKEN, 60, 0);
    quota_undo(&q, &limits, 60);
    assert_int_equal(quota_look(&q, &limits, 0).urls_this_minute, 60);
    assert_int_equal(quota_look(&q, &limits, 0).in_flight, 60);
    assert_take(QUOTA_TAKEN, 60, 0);
    quota_undo(&q, &limits, 60);
    quota_look(&q, &limits, 60000);
    quota_undo(&q, &limits, 40); /* has drained meanwhile: nothing becomes more than all */
    assert_int_equal(quota_look(&q, &limits, 60000).urls_this_minute, 100);
}

TEST(look_tells_what_is_left_and_until_when) {
    limits = (struct token_limits){.urls_per_minute = 60};
    struct quota_left left = quota_look(&q, &limits, 0);
    assert_int_equal(left.urls_this_minute, 60);
    assert_int_equal(left.full_after_ms, 0);
    assert_int_equal(left.in_flight, 0);
    assert_take(QUOTA_TAKEN, 10, 0);
    left = quota_look(&q, &limits, 1500);
    assert_int_equal(left.urls_this_minute, 51);
    assert_int_equal(left.full_after_ms, 8500);
}

TEST(after_the_wait_it_fits_and_not_before) {
    for (int64_t per_minute = 1; per_minute < 100000; per_minute = per_minute * 3 + 1) {
        q = (struct quota){0};
        limits.urls_per_minute = per_minute;
        int64_t urls = per_minute / 3 + 1;
        assert_take(QUOTA_TAKEN, per_minute, 777);
        int64_t wait_ms = quota_wait_ms(&q, &limits, urls, 777);
        assert_true(wait_ms > 0);
        assert_take(QUOTA_MINUTE_IS_FULL, urls, 777 + wait_ms - 1);
        assert_take(QUOTA_TAKEN, urls, 777 + wait_ms);
    }
    limits.urls_per_minute = 0;
    assert_int_equal(quota_wait_ms(&q, &limits, 5, 0), 0);
}

TEST(limits_may_change) {
    limits.urls_per_minute = 1000;
    assert_take(QUOTA_TAKEN, 1000, 0);
    limits.urls_per_minute = 10;
    assert_int_equal(quota_look(&q, &limits, 0).urls_this_minute, 0);
    assert_take(QUOTA_MINUTE_IS_FULL, 1, 60000);
    limits.urls_per_minute = 2000;
    assert_take(QUOTA_TAKEN, 1000, 60000);
    limits = (struct token_limits){.max_in_flight = 5};
    assert_int_equal(quota_look(&q, &limits, 60000).in_flight, 0);
    limits = (struct token_limits){.urls_per_minute = 7};
    assert_take(QUOTA_TAKEN, 7, 60000);
}

/* Far away times and the largest limits do not overflow. */
TEST(extremes_are_bounded) {
    limits = (struct token_limits){.urls_per_minute = 1000000000, .max_in_flight = 1000000000};
    assert_take(QUOTA_TAKEN, 1000000, 0);
    assert_take(QUOTA_TAKEN, 1000000, INT64_MAX / 2);
    assert_int_equal(quota_look(&q, &limits, INT64_MAX - 1).urls_this_minute, 1000000000);
}

/* Whatever is asked for and when: from any moment on, no more than the limit and what drains since was taken. */
TEST(no_more_than_the_rate_ever_passes) {
    uint32_t random = 1;
    int64_t now_ms = 0, taken = 0, since_ms = 0;
    limits.urls_per_minute = 97;
    for (int i = 0; i < 100000; i++) {
        now_ms += unit_random_below(&random, 3000);
        int64_t urls = unit_random_below(&random, 40) + 1;
        if (unit_random_below(&random, 500) == 0) {
            since_ms = now_ms;
            taken = 0;
        }
        if (quota_take(&q, &limits, urls, now_ms) == QUOTA_TAKEN)
            taken += urls;
        assert_true(taken * 60000 <= 97 * 60000 + (now_ms - since_ms) * 97);
    }
    assert_true(taken > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_limits_everything_is_taken, begin),
        cmocka_unit_test_setup(a_minutes_worth_may_be_taken_at_once, begin),
        cmocka_unit_test_setup(what_is_refused_takes_nothing, begin),
        cmocka_unit_test_setup(what_never_fits_is_told_from_what_may_fit_later, begin),
        cmocka_unit_test_setup(flight_is_given_back_one_by_one, begin),
        cmocka_unit_test_setup(undo_leaves_no_trace, begin),
        cmocka_unit_test_setup(look_tells_what_is_left_and_until_when, begin),
        cmocka_unit_test_setup(after_the_wait_it_fits_and_not_before, begin),
        cmocka_unit_test_setup(limits_may_change, begin),
        cmocka_unit_test_setup(extremes_are_bounded, begin),
        cmocka_unit_test_setup(no_more_than_the_rate_ever_passes, begin),
    };
    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
