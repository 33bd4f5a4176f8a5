#include "api/traffic.h"

#include "unit.h"

static struct traffic traffic;

static struct traffic_totals totals(void) {
    struct traffic_totals now;
    traffic_read(&traffic, &now);
    return now;
}

TEST(answers_are_counted_by_route_and_class) {
    traffic_count_answer(&traffic, router_at(0), 200);
    traffic_count_answer(&traffic, router_at(0), 204);
    traffic_count_answer(&traffic, router_at(1), 503);
    traffic_count_answer(&traffic, NULL, 404);
    struct traffic_totals now = totals();
    assert_int_equal(now.answers[0][1], 2);
    assert_int_equal(now.answers[1][4], 1);
    assert_int_equal(now.answers[ROUTER_MAX_ROUTES][3], 1);
    assert_int_equal(now.answers[0][3] + now.answers[1][1], 0);
}

TEST(refusals_are_counted_by_reason) {
    const struct problem by_status = {.status = 422};
    const struct problem full = {.status = 503, .reason = PROBLEM_QUEUE_FULL};
    traffic_count_refusal(&traffic, &by_status);
    traffic_count_refusal(&traffic, &full);
    traffic_count_refusal(&traffic, &full);
    struct traffic_totals now = totals();
    assert_int_equal(now.refusals[PROBLEM_INVALID], 1);
    assert_int_equal(now.refusals[PROBLEM_QUEUE_FULL], 2);
    assert_int_equal(now.refusals[PROBLEM_MEMORY], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_counted_by_route_and_class),
        cmocka_unit_test(refusals_are_counted_by_reason),
    };
    return cmocka_run_group_tests_name("traffic", tests, NULL, NULL);
}
