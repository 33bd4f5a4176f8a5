#include "daemon/refusal_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

int64_t __wrap_clock_now_ms(void); /* NOLINT: the linker's name */

static int64_t now_ms = 1000;
static unsigned lines;
static char last[512];
static int64_t last_untold;

int64_t __wrap_clock_now_ms(void) {
    return now_ms;
}

static void count_line(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    assert_int_equal(level, LOG_LEVEL_WARNING);
    assert_string_equal(message, "refused by the guard");
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == LOG_KIND_TEXT)
            at += (size_t)snprintf(last + at, sizeof last - at, "%s=%s ", fields[i].name, fields[i].text);
        else
            at += (size_t)snprintf(last + at, sizeof last - at, "%s=%d ", fields[i].name, (int)fields[i].number);
        if (strcmp(fields[i].name, "untold") == 0)
            last_untold = fields[i].number;
    }
    lines++;
}

static void refuse(const char *host, const char *rule) {
    const struct fetch_refusal r = {.host = host,
                                    .address = "10.1.2.3",
                                    .port = 80,
                                    .rule = rule,
                                    .why = "RFC 1918",
                                    .inside = "",
                                    .setting = "guard.allow=10.1.2.3"};
    refusal_log_write(&r);
}

/* Each test begins in a minute of its own, and what went untold before is told. */
static int begin(void **state) {
    (void)state;
    log_set_sink(count_line);
    now_ms += INT64_C(3600) * 1000;
    refuse("begin.test", "begin");
    lines = 0;
    now_ms += INT64_C(3600) * 1000;
    return 0;
}

TEST(line_has_the_rule_and_the_setting) {
    refuse("a.test", "10.0.0.0/8, private use");
    assert_string_equal(last, "host=a.test address=10.1.2.3 port=80 rule=10.0.0.0/8, private use why=RFC 1918 inside= "
                              "setting=guard.allow=10.1.2.3 untold=0 ");
}

TEST(one_line_a_minute_for_each_host_and_rule) {
    for (int i = 0; i < 100; i++)
        refuse("a.test", "rule");
    assert_int_equal(lines, 1);
    refuse("a.test", "another");
    assert_int_equal(lines, 2);
    assert_int_equal(last_untold, 99);
    now_ms += 59 * 1000;
    refuse("a.test", "rule");
    assert_int_equal(lines, 2);
    now_ms += 1000;
    refuse("a.test", "rule");
    assert_int_equal(lines, 3);
    assert_int_equal(last_untold, 1);
}

TEST(no_host_takes_the_place_of_another) {
    const int hosts = REFUSAL_LOG_LINES - 1;
    char host[64];
    for (int i = 0; i < 2 * hosts; i++) {
        (void)snprintf(host, sizeof host, "%d.test", i % hosts);
        refuse(host, "rule");
    }
    assert_int_equal(lines, hosts);
}

TEST(lines_are_bounded_whatever_callers_ask_for) {
    char host[64];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(host, sizeof host, "%d.test", i);
        refuse(host, "rule");
    }
    assert_int_equal(lines, REFUSAL_LOG_LINES);
    now_ms += 60 * 1000;
    refuse("fresh.test", "rule");
    assert_int_equal(lines, REFUSAL_LOG_LINES + 1);
    assert_int_equal(last_untold, 10000 - REFUSAL_LOG_LINES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(line_has_the_rule_and_the_setting, begin),
        cmocka_unit_test_setup(one_line_a_minute_for_each_host_and_rule, begin),
        cmocka_unit_test_setup(no_host_takes_the_place_of_another, begin),
        cmocka_unit_test_setup(lines_are_bounded_whatever_callers_ask_for, begin),
    };
    return cmocka_run_group_tests_name("refusal_log", tests, NULL, NULL);
}
