#include "cli/progress.h"

#include "cli/cells.h"
#include "unit.h"

#include <string.h>

static struct buf line;
static size_t columns;

static const struct progress_state half = {.total = 1200, .done = 600, .failed = 0, .in_flight = 20, .rate = 100};

static int begin(void **state) {
    (void)state;
    buf_init(&line, 10000);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&line);
    return 0;
}

static const char *render(const struct progress_state *state, size_t width, bool utf8, bool color) {
    const struct progress_look look = {.columns = width, .utf8 = utf8, .color = color};
    buf_clear(&line);
    assert_int_equal(progress_render(state, &look, &line, &columns), ERR_NONE);
    assert_int_equal(buf_terminate(&line), ERR_NONE);
    return line.data;
}

TEST(a_wide_line_tells_everything) {
    assert_string_equal(render(&half, 100, false, false),
                        "[###############               ] 50 %  600/1,200  0:06 left  100/s  20 in flight");
    assert_string_equal(render(&half, 100, true, false),
                        "▕███████████████               ▏ 50 %  600/1,200  0:06 left  100/s  20 in flight");
}

TEST(failures_are_told_and_coloured) {
    struct progress_state now = half;
    now.failed = 3;
    assert_non_null(strstr(render(&now, 100, true, false), "600/1,200  3 failed  0:06 left"));
    assert_non_null(strstr(render(&now, 100, true, true), "▕\x1b[33m█"));
    assert_non_null(strstr(render(&half, 100, true, true), "▕\x1b[32m█"));
}

TEST(blocks_of_unicode_show_eighths) {
    const struct progress_state now = {.total = 240, .done = 1, .in_flight = 1, .rate = 1};
    assert_non_null(strstr(render(&now, 100, true, false), "▕▏  "));
    const struct progress_state more = {.total = 240, .done = 15, .in_flight = 1, .rate = 1};
    assert_non_null(strstr(render(&more, 100, true, false), "▕█▉  "));
}

TEST(what_is_not_known_is_not_told) {
    struct progress_state now = half;
    now.in_flight = PROGRESS_NOT_KNOWN;
    assert_null(strstr(render(&now, 100, false, false), "flight"));
    now.rate = 0;
    assert_null(strstr(render(&now, 100, false, false), "left"));
}

TEST(an_end_by_hand_is_told) {
    struct progress_state now = half;
    now.is_ending = true;
    assert_non_null(strstr(render(&now, 100, false, false), "ending"));
}

TEST(extremes_are_shown) {
    const struct progress_state none = {.total = 0};
    assert_non_null(strstr(render(&none, 80, false, false), "100 %  0/0"));
    const struct progress_state all = {.total = 7, .done = 7, .failed = 7, .rate = 1e9};
    assert_non_null(strstr(render(&all, 80, true, false), "██████▏100 %  7/7  7 failed"));
    const struct progress_state slow = {.total = SIZE_MAX - 1, .done = 1, .rate = 1e-9, .in_flight = 1};
    assert_non_null(strstr(render(&slow, 120, false, false), "99:59:59 left"));
}

/* The count of columns is what is shown, and less than the terminal has. */
TEST(every_width_is_kept) {
    struct progress_state now = half;
    now.failed = 12345;
    for (size_t width = 1; width < 200; width++)
        for (int looks = 0; looks < 2; looks++) {
            const char *text = render(&now, width, looks, false);
            assert_int_equal(columns, cells_width(text, true));
            assert_true(columns < width || columns == 0);
        }
}

TEST(a_narrow_line_keeps_what_matters) {
    assert_string_equal(render(&half, 12, true, false), "600/1,200");
    assert_string_equal(render(&half, 22, true, false), "600/1,200  0:06 left");
}

/* `at_once` results every `interval_ms`, the second half of them a tenth of a second later; measured ten times a
 * second. */
static void assert_steady(int64_t interval_ms, size_t at_once, double low, double high) {
    struct progress_rate rate;
    const int64_t start_ms = 123456;
    progress_rate_init(&rate, start_ms);
    for (int64_t ms = 250; ms < 20 * interval_ms; ms += 100) {
        size_t all = (size_t)(ms / interval_ms) * at_once;
        size_t late = ms >= interval_ms && ms % interval_ms < 100 ? at_once / 2 : 0;
        progress_rate_measure(&rate, all - late, start_ms + ms);
        if (ms < interval_ms)
            assert_true(rate.per_s == 0);
        else if (ms >= interval_ms + 600 && (rate.per_s < low || rate.per_s > high))
            fail_msg("%f at %d ms", rate.per_s, (int)ms);
    }
}

TEST(the_rate_of_slow_ones_is_steady) {
    assert_steady(3000, 5, 1.2, 2.2);
    assert_steady(8000, 2, 0.15, 0.35);
    assert_steady(200, 20, 70, 130);
}

TEST(the_first_rate_is_that_since_the_start) {
    struct progress_rate rate;
    progress_rate_init(&rate, 1000);
    for (int64_t ms = 1250; ms < 5000; ms += 100)
        progress_rate_measure(&rate, 0, ms);
    progress_rate_measure(&rate, 2, 5000);
    assert_true(rate.per_s == 0.5);
}

TEST(the_rate_follows_a_change) {
    struct progress_rate rate;
    size_t done = 0;
    progress_rate_init(&rate, 0);
    for (int64_t ms = 500; ms <= 60000; ms += 500)
        progress_rate_measure(&rate, done += ms < 30000 ? 100 : 10, ms);
    assert_true(rate.per_s > 20 && rate.per_s < 40);
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LINE_TEST(a_wide_line_tells_everything),
        LINE_TEST(failures_are_told_and_coloured),
        LINE_TEST(blocks_of_unicode_show_eighths),
        LINE_TEST(what_is_not_known_is_not_told),
        LINE_TEST(an_end_by_hand_is_told),
        LINE_TEST(extremes_are_shown),
        LINE_TEST(every_width_is_kept),
        LINE_TEST(a_narrow_line_keeps_what_matters),
        LINE_TEST(the_rate_of_slow_ones_is_steady),
        LINE_TEST(the_first_rate_is_that_since_the_start),
        LINE_TEST(the_rate_follows_a_change),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
