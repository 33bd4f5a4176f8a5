#include "base/log.h"
#include "unit.h"

#include <stdbool.h>
#include <string.h>

static struct {
    unsigned calls;
    enum log_level level;
    const char *message;
    struct log_field fields[8];
    size_t count;
} seen;

static void remember(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    seen.calls++;
    seen.level = level;
    seen.message = message;
    seen.count = count;
    for (size_t i = 0; i < count; i++)
        seen.fields[i] = fields[i];
}

static int begin(void **state) {
    (void)state;
    memset(&seen, 0, sizeof seen);
    log_set_sink(remember);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

TEST(without_a_sink_nothing_happens) {
    log_set_sink(NULL);
    assert_false(log_is_on(LOG_LEVEL_ERROR));
    log_error("nobody hears this", log_int("n", 1));
    log_emit(LOG_LEVEL_ERROR, "nor this", NULL, 0);
    assert_int_equal(seen.calls, 0);
}

TEST(event_reaches_the_sink_with_its_fields) {
    log_info("listening", log_text("address", "[::1]:80"), log_int("sockets", -2), log_seconds("after", 1500000));
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.level, LOG_LEVEL_INFO);
    assert_string_equal(seen.message, "listening");
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.fields[0].name, "address");
    assert_int_equal(seen.fields[0].kind, LOG_KIND_TEXT);
    assert_string_equal(seen.fields[0].text, "[::1]:80");
    assert_int_equal(seen.fields[1].kind, LOG_KIND_INT);
    assert_int_equal(seen.fields[1].number, -2);
    assert_int_equal(seen.fields[2].kind, LOG_KIND_SECONDS);
    assert_int_equal(seen.fields[2].number, 1500000);
}

TEST(event_needs_no_fields) {
    log_error("stopped");
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.level, LOG_LEVEL_ERROR);
    assert_int_equal(seen.count, 0);
}

TEST(events_above_the_level_are_dropped) {
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        seen.calls = 0;
        log_set_level((enum log_level)level);
        log_error("e");
        log_warning("w");
        log_info("i");
        log_debug("d");
        assert_int_equal(seen.calls, level + 1);
        seen.calls = 0;
        log_emit(LOG_LEVEL_DEBUG, "d", NULL, 0);
        assert_int_equal(seen.calls, level == LOG_LEVEL_DEBUG);
    }
}

static unsigned evaluations;

static int64_t evaluated(void) {
    evaluations++;
    return 0;
}

TEST(fields_of_a_dropped_event_are_not_computed) {
    log_debug("d", log_int("n", evaluated()));
    assert_int_equal(evaluations, 0);
    log_info("i", log_int("n", evaluated()));
    assert_int_equal(evaluations, 1);
}

TEST(level_goes_up_and_down_to_its_ends) {
    assert_int_equal(log_raise_level(), LOG_LEVEL_DEBUG);
    assert_int_equal(log_raise_level(), LOG_LEVEL_DEBUG);
    assert_true(log_is_on(LOG_LEVEL_DEBUG));
    assert_int_equal(log_lower_level(), LOG_LEVEL_INFO);
    assert_int_equal(log_lower_level(), LOG_LEVEL_WARNING);
    assert_int_equal(log_lower_level(), LOG_LEVEL_ERROR);
    assert_int_equal(log_lower_level(), LOG_LEVEL_ERROR);
    assert_int_equal(log_get_level(), LOG_LEVEL_ERROR);
    assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
}

TEST(some_events_are_told_at_any_level) {
    log_set_level(LOG_LEVEL_ERROR);
    log_emit_always("level", NULL, 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.level, LOG_LEVEL_INFO);
    log_set_sink(NULL);
    log_emit_always("level", NULL, 0);
    assert_int_equal(seen.calls, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_sink_nothing_happens, begin),
        cmocka_unit_test_setup(event_reaches_the_sink_with_its_fields, begin),
        cmocka_unit_test_setup(event_needs_no_fields, begin),
        cmocka_unit_test_setup(level_goes_up_and_down_to_its_ends, begin),
        cmocka_unit_test_setup(some_events_are_told_at_any_level, begin),
        cmocka_unit_test_setup(events_above_the_level_are_dropped, begin),
        cmocka_unit_test_setup(fields_of_a_dropped_event_are_not_computed, begin),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
