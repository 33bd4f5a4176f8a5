#include "cli/report.h"

#include "cli/cells.h"
#include "cli/waterfall.h"
#include "unit.h"

#include <string.h>

static struct summary s;
static struct buf out;

static int begin(void **state) {
    (void)state;
    buf_init(&out, 100000);
    return summary_init(&s, 4, true) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    summary_fini(&s);
    buf_fini(&out);
    return 0;
}

static const char *url_of(const void *arg, size_t index) {
    static const char *const urls[] = {"http://a.example/one", "http://a.example/two", "http://a.example/\x1b[2Jthree",
                                       "http://nowhere.example/"};
    (void)arg;
    return urls[index];
}

static void add(size_t index, int status, enum fetch_error error, int64_t ms) {
    const struct fetch_result result = {
        .status = status,
        .error = error,
        .error_text = "the host name nowhere.example could not be resolved: it does not exist",
        .elapsed_us = ms * 1000,
        .size_bytes = 2048,
        .timings = {.queue_us = 7000,
                    .namelookup_us = ms * 100,
                    .connect_us = ms * 200,
                    .appconnect_us = ms * 400,
                    .pretransfer_us = ms * 400,
                    .starttransfer_us = ms * 800,
                    .total_us = ms * 1000},
    };
    summary_add(&s, index, &result);
}

static const char *render(size_t columns, bool utf8, bool color) {
    const struct report_look look = {.columns = columns, .utf8 = utf8, .color = color};
    buf_clear(&out);
    assert_int_equal(report_render(&s, 2000000, url_of, NULL, &look, &out), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    return out.data;
}

static void add_all(void) {
    add(0, 200, FETCH_OK, 1000);
    add(1, 200, FETCH_OK, 500);
    add(2, 404, FETCH_OK, 250);
    add(3, 0, FETCH_DNS, 20);
}

TEST(a_table_tells_what_came) {
    add_all();
    assert_string_equal(render(80, false, false),
                        "4 URLs in 2.00 s, 6.00 KiB, 2.0/s: 2 good, 2 not\n"
                        "\n"
                        "200        2  ====================\n"
                        "404        1  ==========\n"
                        "dns        1  ==========\n"
                        "\n"
                        "Times of those that were answered\n"
                        "half within 500 ms, 90 % 1.00 s, 99 % 1.00 s, all 1.00 s\n"
                        "\n"
                        "Not good\n"
                        "404  http://a.example/?[2Jthree\n"
                        "dns  http://nowhere.example/  the host name nowhere.example cou~t does not exist\n"
                        "\n"
                        "The slowest                            size      time\n"
                        "http://a.example/one          200  2.00 KiB    1.00 s  :::++*****##########=====\n"
                        "http://a.example/two          200  2.00 KiB    500 ms  :++**#####===\n"
                        "http://a.example/?[2Jthree    404  2.00 KiB    250 ms  :**##=\n"
                        "http://nowhere.example/       dns             20.0 ms  =\n"
                        "                          . earlier  : dns  + connect  * tls  # wait  = transfer\n");
}

static void assert_lines_fit(void) {
    for (size_t columns = 30; columns < 170; columns += 7)
        for (int utf8 = 0; utf8 < 2; utf8++) {
            char *text = (char *)(uintptr_t)render(columns, utf8, false);
            for (char *line = text, *stop; *line; line = stop + 1) {
                stop = strchr(line, '\n');
                assert_non_null(stop);
                *stop = '\0';
                if (cells_width(line, true) > columns)
                    fail_msg("%zu columns of %zu: %s", cells_width(line, true), columns, line);
            }
        }
}

TEST(no_line_is_longer_than_the_terminal) {
    add_all();
    assert_lines_fit();
}

TEST(an_error_of_a_newer_daemon_is_counted_by_its_name_and_leaves_room) {
    static const char name[] = "an_error_that_was_not_yet_known_when_this_program_was_written_01";
    add(0, 0, fetch_error_learn(name, strlen(name)), 20);
    add(1, 0, fetch_error_learn("new", 3), 20);
    add(2, 0, fetch_error_learn("new", 3), 20);
    const char *text = render(80, false, false);
    assert_non_null(strstr(text, "\nnew                       2  ="));
    assert_non_null(strstr(text, "\nan_error_tha~en_01        1  ="));
    assert_lines_fit();
}

TEST(without_colour_there_is_no_escape) {
    add_all();
    assert_null(strchr(render(100, true, false), '\x1b'));
    assert_non_null(strstr(render(100, true, true), "\x1b[32m200\x1b[0m"));
}

TEST(the_legend_names_each_part_of_a_bar) {
    add_all();
    const char *text = render(100, true, false);
    assert_non_null(strstr(text, "· earlier  ░ dns  ▒ connect  ▓ tls  █ wait  ▄ transfer\n"));
}

TEST(an_empty_list_is_one_line) {
    assert_string_equal(render(80, true, false), "4 URLs in 2.00 s, 0 B, 0.0/s: 0 good, 0 not\n");
}

static const char *bar(const struct summary_entry *entry, size_t columns) {
    const struct waterfall_look look = {0};
    buf_clear(&out);
    assert_int_equal(waterfall_bar(entry, 100, columns, &look, &out), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    return out.data;
}

TEST(a_bar_shows_what_came_before_the_last_attempt) {
    const struct summary_entry retried = {.elapsed_us = 100, .timings = {.starttransfer_us = 20, .total_us = 40}};
    assert_string_equal(bar(&retried, 10), "......##==");
}

TEST(a_reused_connection_has_no_parts_of_its_own) {
    const struct summary_entry reused = {.elapsed_us = 50, .timings = {.starttransfer_us = 30, .total_us = 50}};
    assert_string_equal(bar(&reused, 10), "###==     ");
}

TEST(a_bar_is_never_longer_than_its_room) {
    const struct summary_entry late = {.elapsed_us = 1000, .timings = {.starttransfer_us = 900, .total_us = 1000}};
    assert_string_equal(bar(&late, 5), "#####");
    const struct summary_entry none = {.elapsed_us = 0};
    assert_string_equal(bar(&none, 5), "=    ");
}

#define REPORT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        REPORT_TEST(a_table_tells_what_came),
        REPORT_TEST(no_line_is_longer_than_the_terminal),
        REPORT_TEST(an_error_of_a_newer_daemon_is_counted_by_its_name_and_leaves_room),
        REPORT_TEST(without_colour_there_is_no_escape),
        REPORT_TEST(the_legend_names_each_part_of_a_bar),
        REPORT_TEST(an_empty_list_is_one_line),
        REPORT_TEST(a_bar_shows_what_came_before_the_last_attempt),
        REPORT_TEST(a_reused_connection_has_no_parts_of_its_own),
        REPORT_TEST(a_bar_is_never_longer_than_its_room),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
