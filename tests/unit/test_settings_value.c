#include "config/settings_value.h"

#include "config/settings_text.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct settings *values;
static struct settings_reason reason;

static int begin(void **state) {
    (void)state;
    values = calloc(1, sizeof *values);
    reason.text[0] = '\0';
    return values ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    settings_destroy(values);
    return 0;
}

static enum err read_value(const char *name, const char *text) {
    return settings_value_read(settings_table_find(name), text, values, &reason);
}

static void assert_number(const char *name, const char *text, int64_t value) {
    assert_int_equal(read_value(name, text), ERR_NONE);
    assert_int_equal(*settings_row_number(settings_table_find(name), values), value);
}

static void assert_refused(const char *name, const char *text, const char *why) {
    assert_int_equal(read_value(name, text), ERR_INVALID);
    assert_string_equal(reason.text, why);
}

static void assert_printed(const char *name, const char *text) {
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(settings_text_value(settings_table_find(name), values, &b), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    assert_string_equal(b.data, text);
    buf_fini(&b);
}

TEST(counts_are_whole_numbers) {
    assert_number("pool.workers", "1", 1);
    assert_number("pool.workers", "10000", 10000);
    assert_number("pool.workers", " \t0064 ", 64);
    static const char *const wrong[] = {"", "x", "-1", "+1", "1.5", "1e3", "0x10", "1 2", "1KiB", "12a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_value("pool.workers", wrong[i]), ERR_INVALID);
    assert_refused("pool.workers", "many", "must be a whole number, 1 to 10000, not \"many\"");
    assert_int_equal(values->pool.workers, 64);
}

TEST(numbers_out_of_range_tell_the_range) {
    assert_refused("pool.workers", "0", "must be 1 to 10000, not \"0\"");
    assert_refused("pool.workers", "10001", "must be 1 to 10000, not \"10001\"");
    assert_refused("pool.workers", "99999999999999999999", "must be 1 to 10000, not \"99999999999999999999\"");
    assert_refused("server.max_request_bytes", "2GiB", "must be 1KiB to 1GiB, not \"2GiB\"");
    assert_refused("server.max_request_bytes", "9999999999999GiB", "must be 1KiB to 1GiB, not \"9999999999999GiB\"");
    assert_refused("server.idle_timeout", "0.999", "must be 1 to 86400 seconds, not \"0.999\"");
    assert_refused("fetch.timeout", "99999999999999999999",
                   "must be 0.001 to 86400 seconds, not \"99999999999999999999\"");
    assert_refused("fetch.timeout", "9223372036854775.999",
                   "must be 0.001 to 86400 seconds, not \"9223372036854775.999\"");
}

TEST(sizes_have_binary_units) {
    assert_number("fetch.max_size", "1", 1);
    assert_number("fetch.max_size", "1KiB", 1024);
    assert_number("fetch.max_size", "16MiB", 16 * 1024 * 1024);
    assert_number("fetch.max_size", "3GiB", INT64_C(3) << 30);
    static const char *const wrong[] = {"",      "KiB",    "1k",    "1K",    "1KB", "1kib",
                                        "1 MiB", "1.5MiB", "-1MiB", "1MiBs", "1TiB"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_value("fetch.max_size", wrong[i]), ERR_INVALID);
    assert_refused("fetch.max_size", "10M",
                   "must be bytes, or a number with KiB, MiB or GiB, 1 to 1024GiB, not \"10M\"");
}

TEST(seconds_have_three_decimals_at_most) {
    assert_number("fetch.timeout", "0.001", 1);
    assert_number("fetch.timeout", "0.5", 500);
    assert_number("fetch.timeout", "2.25", 2250);
    assert_number("fetch.timeout", "30", 30000);
    assert_number("fetch.timeout", "86400", 86400000);
    assert_number("server.drain_timeout", "0", 0);
    static const char *const wrong[] = {"", ".", ".5", "5.", "1.0001", "1,5", "-1", "1s", "1e1", "1.2.3", "inf", "nan"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_value("fetch.timeout", wrong[i]), ERR_INVALID);
    assert_refused("fetch.timeout", "1m",
                   "must be seconds with three decimals at most, 0.001 to 86400 seconds, not \"1m\"");
}

TEST(choices_are_names) {
    assert_int_equal(read_value("log.level", "debug"), ERR_NONE);
    assert_int_equal(values->log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(read_value("log.level", " error"), ERR_NONE);
    assert_int_equal(values->log.level, LOG_LEVEL_ERROR);
    assert_int_equal(read_value("log.format", "journal"), ERR_NONE);
    assert_int_equal(values->log.format, LOG_FORMAT_JOURNAL);
    assert_printed("log.format", "journal");
    assert_refused("log.level", "Info", "must be error, warning, info or debug, not \"Info\"");
    assert_refused("log.level", "", "must be error, warning, info or debug, not \"\"");
    assert_refused("log.level", "inf", "must be error, warning, info or debug, not \"inf\"");
}

TEST(texts_are_trimmed_and_may_be_empty) {
    assert_int_equal(read_value("fetch.user_agent", "  my agent/1.0 (a;b) "), ERR_NONE);
    assert_string_equal(values->fetch.user_agent, "my agent/1.0 (a;b)");
    assert_int_equal(read_value("fetch.user_agent", "caf\xC3\xA9"), ERR_NONE);
    assert_string_equal(values->fetch.user_agent, "caf\xC3\xA9");
    assert_int_equal(read_value("fetch.user_agent", ""), ERR_NONE);
    assert_string_equal(values->fetch.user_agent, "");
}

TEST(texts_that_no_file_could_hold_are_refused) {
    char text[SETTINGS_TEXT_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    text[SETTINGS_TEXT_MAX_BYTES] = '\0';
    assert_int_equal(read_value("fetch.user_agent", text), ERR_NONE);
    text[SETTINGS_TEXT_MAX_BYTES] = 'x';
    text[SETTINGS_TEXT_MAX_BYTES + 1] = '\0';
    assert_refused("fetch.user_agent", text, "must have 160 bytes at most, not 161");
    static const char *const wrong[] = {"a\nb", "a\rb", "a\x1b[0m", "a\x7f", "\xFF", "a ;b", ";b", "a\t;"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_value("fetch.user_agent", wrong[i]), ERR_INVALID);
    assert_refused("fetch.user_agent", "a\nb",
                   "must be UTF-8 without control characters or a ';' after a blank, not \"a?b\"");
}

TEST(lists_take_commas_and_add_up) {
    assert_int_equal(read_value("guard.allow", " 10.0.0.0/8 ,::1/128"), ERR_NONE);
    assert_int_equal(read_value("guard.allow", "fc00::/7"), ERR_NONE);
    assert_int_equal(values->guard.allow.count, 3);
    assert_printed("guard.allow", "10.0.0.0/8, ::1/128, fc00::/7");
    assert_int_equal(read_value("guard.allow", ""), ERR_NONE);
    assert_int_equal(values->guard.allow.count, 3);
    settings_value_clear_list(settings_table_find("guard.allow"), values);
    assert_int_equal(values->guard.allow.count, 0);
    assert_printed("guard.allow", "");
}

TEST(bad_item_leaves_the_list_as_it_was) {
    assert_int_equal(read_value("guard.deny", "a"), ERR_NONE);
    assert_refused("guard.deny", "b,,c", "has an empty item");
    assert_refused("guard.deny", "b,", "has an empty item");
    assert_refused("guard.deny", ",b", "has an empty item");
    assert_int_equal(read_value("guard.deny", "b,\x01"), ERR_INVALID);
    assert_printed("guard.deny", "a");
}

TEST(lists_have_a_greatest_length) {
    assert_refused("server.listen", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "must have 16 items at most");
    assert_int_equal(values->server.listen.count, 0);
    assert_int_equal(read_value("server.listen", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"), ERR_NONE);
    assert_int_equal(values->server.listen.count, 16);
}

TEST(long_values_are_shown_in_part) {
    char text[300];
    memset(text, '9', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(read_value("pool.workers", text), ERR_INVALID);
    assert_true(strlen(reason.text) < 120);
    assert_non_null(strstr(reason.text, "999...\""));
}

TEST(numbers_are_written_shortly) {
    assert_number("fetch.max_size", "1536", 1536);
    assert_printed("fetch.max_size", "1536");
    assert_number("fetch.max_size", "2048", 2048);
    assert_printed("fetch.max_size", "2KiB");
    assert_number("fetch.max_size", "1024MiB", INT64_C(1) << 30);
    assert_printed("fetch.max_size", "1GiB");
    assert_number("fetch.timeout", "10.050", 10050);
    assert_printed("fetch.timeout", "10.05");
    assert_number("fetch.timeout", "100", 100000);
    assert_printed("fetch.timeout", "100");
    assert_number("server.drain_timeout", "0", 0);
    assert_printed("server.drain_timeout", "0");
}

TEST(every_default_is_printed_as_it_stands_in_the_table) {
    for (size_t i = 0; i < settings_table_count; i++) {
        assert_int_equal(read_value(settings_table[i].name, settings_table[i].preset), ERR_NONE);
        assert_printed(settings_table[i].name, settings_table[i].preset);
    }
}

static void read_some(void) {
    struct settings *s = calloc(1, sizeof *s);
    if (!s)
        return;
    enum err list = settings_value_read(settings_table_find("guard.allow"), "a,b,c", s, &reason);
    enum err text = settings_value_read(settings_table_find("fetch.ca_file"), "/x", s, &reason);
    assert_true(list == ERR_NONE || list == ERR_NOMEM);
    assert_int_equal(s->guard.allow.count, list ? 0 : 3);
    assert_int_equal(text, s->fetch.ca_file ? ERR_NONE : ERR_NOMEM);
    settings_destroy(s);
}

TEST(memory_that_runs_out_leaves_the_values) {
    unit_fail_each_allocation(read_some);
}

#define VALUE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        VALUE_TEST(counts_are_whole_numbers),
        VALUE_TEST(numbers_out_of_range_tell_the_range),
        VALUE_TEST(sizes_have_binary_units),
        VALUE_TEST(seconds_have_three_decimals_at_most),
        VALUE_TEST(choices_are_names),
        VALUE_TEST(texts_are_trimmed_and_may_be_empty),
        VALUE_TEST(texts_that_no_file_could_hold_are_refused),
        VALUE_TEST(lists_take_commas_and_add_up),
        VALUE_TEST(bad_item_leaves_the_list_as_it_was),
        VALUE_TEST(lists_have_a_greatest_length),
        VALUE_TEST(long_values_are_shown_in_part),
        VALUE_TEST(numbers_are_written_shortly),
        VALUE_TEST(every_default_is_printed_as_it_stands_in_the_table),
        cmocka_unit_test(memory_that_runs_out_leaves_the_values),
    };
    return cmocka_run_group_tests_name("settings_value", tests, NULL, NULL);
}
