#include "base/clock.h"
#include "unit.h"

#include <string.h>

TEST(monotonic_time_never_goes_back) {
    int64_t last = clock_now_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_now_us();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_now_ms() >= last / 1000);
    assert_true(clock_now_ms() < CLOCK_NEVER);
}

TEST(time_after_a_delay_is_never_early) {
    for (int i = 0; i < 1000; i++) {
        int64_t before_us = clock_now_us();
        int64_t after_ms = clock_after_ms(5);
        assert_true(after_ms * 1000 >= before_us + 5000);
        assert_true(after_ms * 1000 < clock_now_us() + 6000);
    }
}

TEST(timespec_has_seconds_and_nanoseconds) {
    struct timespec t = clock_timespec(1234567);
    assert_int_equal(t.tv_sec, 1234);
    assert_int_equal(t.tv_nsec, 567000000);
    t = clock_timespec(0);
    assert_int_equal(t.tv_sec, 0);
    assert_int_equal(t.tv_nsec, 0);
}

TEST(wall_text_is_rfc_3339) {
    char text[CLOCK_RFC3339_BYTES];
    static const char form[] = "0000-00-00T00:00:00.000Z";
    clock_wall_text(text);
    assert_int_equal(strlen(text), strlen(form));
    for (size_t i = 0; i < strlen(form); i++) {
        if (form[i] == '0')
            assert_true(text[i] >= '0' && text[i] <= '9');
        else
            assert_int_equal(text[i], form[i]);
    }
}

TEST(wall_text_of_a_time_is_as_far_away_as_the_time) {
    char before[CLOCK_RFC3339_BYTES], at[CLOCK_RFC3339_BYTES], after[CLOCK_RFC3339_BYTES];
    clock_wall_text(before);
    clock_wall_text_at((clock_now_us() + 1500) / 1000, at);
    do
        clock_wall_text(after);
    while (strcmp(at, after) > 0);
    assert_true(strcmp(before, at) <= 0);
    clock_wall_text_at(clock_now_ms() - 24 * 3600 * 1000, after);
    assert_true(strncmp(after, before, strlen("2026-11-22")) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(time_after_a_delay_is_never_early),
        cmocka_unit_test(timespec_has_seconds_and_nanoseconds),
        cmocka_unit_test(wall_text_is_rfc_3339),
        cmocka_unit_test(wall_text_of_a_time_is_as_far_away_as_the_time),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
