#include "api/exposition.h"

#include "unit.h"

static struct buf out;

static int begin(void **state) {
    (void)state;
    buf_init(&out, 4096);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&out);
    return 0;
}

static void assert_text(const char *text) {
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, text);
    buf_clear(&out);
}

static void write_number(const char *labels, uint64_t value, unsigned scale) {
    struct exposition e;
    exposition_begin(&e, &out);
    exposition_number(&e, "a", labels, value, scale);
    assert_int_equal(exposition_end(&e), ERR_NONE);
}

TEST(family_has_help_and_type) {
    struct exposition e;
    exposition_begin(&e, &out);
    exposition_family(&e, "a_total", "counter", "What it is.");
    assert_int_equal(exposition_end(&e), ERR_NONE);
    assert_text("# HELP a_total What it is.\n# TYPE a_total counter\n");
}

TEST(number_stands_behind_its_labels) {
    write_number("", 0, 1);
    assert_text("a 0\n");
    write_number("b=\"c\",d=\"e\"", UINT64_MAX, 1);
    assert_text("a{b=\"c\",d=\"e\"} 18446744073709551615\n");
}

TEST(microseconds_are_exact_seconds) {
    static const struct {
        uint64_t us;
        const char *text;
    } cases[] = {
        {0, "a 0\n"},         {1, "a 0.000001\n"},  {10, "a 0.00001\n"},
        {1500000, "a 1.5\n"}, {2000000, "a 2\n"},   {UINT64_C(1795950397525314), "a 1795950397.525314\n"},
        {100000, "a 0.1\n"},  {10000000, "a 10\n"}, {UINT64_MAX, "a 18446744073709.551615\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_number("", cases[i].us, 1000000);
        assert_text(cases[i].text);
    }
}

static const int64_t bounds[] = {1000, 2500000};
static const uint64_t counts[] = {3, 0, 2};
static const struct exposition_spread spread = {
    .bounds_us = bounds, .bound_count = 2, .counts = counts, .sum_us = 6000042};

TEST(buckets_are_cumulative) {
    struct exposition e;
    exposition_begin(&e, &out);
    exposition_histogram(&e, "h_seconds", "", &spread);
    exposition_histogram(&e, "h_seconds", "p=\"q\"", &spread);
    assert_int_equal(exposition_end(&e), ERR_NONE);
    assert_text("h_seconds_bucket{le=\"0.001\"} 3\n"
                "h_seconds_bucket{le=\"2.5\"} 3\n"
                "h_seconds_bucket{le=\"+Inf\"} 5\n"
                "h_seconds_sum 6.000042\n"
                "h_seconds_count 5\n"
                "h_seconds_bucket{p=\"q\",le=\"0.001\"} 3\n"
                "h_seconds_bucket{p=\"q\",le=\"2.5\"} 3\n"
                "h_seconds_bucket{p=\"q\",le=\"+Inf\"} 5\n"
                "h_seconds_sum{p=\"q\"} 6.000042\n"
                "h_seconds_count{p=\"q\"} 5\n");
}

static enum err write_all(struct buf *to) {
    struct exposition e;
    exposition_begin(&e, to);
    exposition_family(&e, "h_seconds", "histogram", "Times.");
    exposition_histogram(&e, "h_seconds", "", &spread);
    return exposition_end(&e);
}

TEST(first_failure_stays) {
    struct buf small;
    buf_init(&small, 60);
    assert_int_equal(write_all(&small), ERR_LIMIT);
    buf_fini(&small);
    unit_fail_allocation(1);
    assert_int_equal(write_all(&out), ERR_NOMEM);
    unit_fail_allocation(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(family_has_help_and_type, begin, end),
        cmocka_unit_test_setup_teardown(number_stands_behind_its_labels, begin, end),
        cmocka_unit_test_setup_teardown(microseconds_are_exact_seconds, begin, end),
        cmocka_unit_test_setup_teardown(buckets_are_cumulative, begin, end),
        cmocka_unit_test_setup_teardown(first_failure_stays, begin, end),
    };
    return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
