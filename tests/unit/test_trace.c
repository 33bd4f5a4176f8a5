#include "api/trace.h"

#include "unit.h"

#include <string.h>

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void assert_read(const char *traceparent) {
    struct trace trace;
    if (!trace_read(traceparent, &trace))
        fail_msg("refused: %s", traceparent);
    assert_string_equal(trace.id, ID);
    assert_string_equal(trace.parent, PARENT);
}

static void assert_ignored(const char *traceparent) {
    struct trace trace = {.id = "x", .parent = "x"};
    if (trace_read(traceparent, &trace))
        fail_msg("taken: %s", traceparent);
    assert_string_equal(trace.id, "");
    assert_string_equal(trace.parent, "");
}

TEST(trace_and_parent_are_read) {
    assert_read("00-" ID "-" PARENT "-01");
    assert_read("00-" ID "-" PARENT "-00");
    assert_read("00-" ID "-" PARENT "-ff");
}

TEST(later_version_may_have_more_behind) {
    assert_read("01-" ID "-" PARENT "-01");
    assert_read("cc-" ID "-" PARENT "-01-what-the-future-will-be-like");
    assert_read("01-" ID "-" PARENT "-01-");
    assert_ignored("01-" ID "-" PARENT "-01.what");
    assert_ignored("01-" ID "-" PARENT "-010");
}

TEST(first_version_has_nothing_behind) {
    assert_ignored("00-" ID "-" PARENT "-01-");
    assert_ignored("00-" ID "-" PARENT "-01-more");
    assert_ignored("00-" ID "-" PARENT "-01 ");
}

TEST(version_that_is_none_is_ignored) {
    assert_ignored("ff-" ID "-" PARENT "-01");
    assert_ignored("ff-" ID "-" PARENT "-01-more");
    assert_ignored("0x-" ID "-" PARENT "-01");
    assert_ignored("0-" ID "-" PARENT "-001");
}

TEST(ids_of_zeros_are_ignored) {
    assert_ignored("00-00000000000000000000000000000000-" PARENT "-01");
    assert_ignored("00-" ID "-0000000000000000-01");
}

TEST(only_digits_in_lower_case_are_taken) {
    assert_ignored("00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01");
    assert_ignored("00-" ID "-00F067AA0BA902B7-01");
    assert_ignored("00-" ID "-" PARENT "-0A");
    assert_ignored("CC-" ID "-" PARENT "-01");
    assert_ignored("00-" ID "-" PARENT "-0g");
    assert_ignored("00-.bf92f3577b34da6a3ce929d0e0e4736-" PARENT "-01");
}

TEST(wrong_lengths_are_ignored) {
    const char whole[] = "00-" ID "-" PARENT "-01";
    char cut[sizeof whole];
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        memcpy(cut, whole, len);
        cut[len] = '\0';
        assert_ignored(cut);
    }
    assert_ignored("00-" ID "0-" PARENT "-01");
    assert_ignored("00-" ID "-0" PARENT "-01");
    assert_ignored(" 00-" ID "-" PARENT "-01");
}

TEST(separators_are_hyphens) {
    assert_ignored("00_" ID "-" PARENT "-01");
    assert_ignored("00-" ID "_" PARENT "-01");
    assert_ignored("00-" ID "-" PARENT "_01");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_and_parent_are_read),        cmocka_unit_test(later_version_may_have_more_behind),
        cmocka_unit_test(first_version_has_nothing_behind), cmocka_unit_test(version_that_is_none_is_ignored),
        cmocka_unit_test(ids_of_zeros_are_ignored),         cmocka_unit_test(only_digits_in_lower_case_are_taken),
        cmocka_unit_test(wrong_lengths_are_ignored),        cmocka_unit_test(separators_are_hyphens),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
