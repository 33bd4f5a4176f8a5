#include "api/read_speed.h"
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct read_speed_limits limits = {.window_ms = 1000, .bytes_per_s = 100};

/* The peer has taken `taken` bytes since the start, and `waiting` wait. */
static bool look(struct read_speed *p, int64_t now_ms, uint64_t taken, uint64_t waiting) {
    const struct read_speed_sample sample = {.taken = taken, .waiting = waiting};
    return read_speed_is_too_slow(p, &limits, &sample, now_ms);
}

TEST(nothing_waits_and_no_time_counts) {
    struct read_speed p = {0};
    for (int64_t ms = 0; ms < 100000; ms += 250)
        assert_false(look(&p, ms, 5, 0));
}

TEST(reader_that_takes_nothing_is_too_slow_when_the_window_is_over) {
    struct read_speed p = {0};
    assert_false(look(&p, 0, 5, 1000));
    assert_false(look(&p, 999, 5, 1000));
    assert_true(look(&p, 1000, 5, 1000));
}

TEST(reader_that_drips_is_too_slow) {
    struct read_speed p = {0};
    assert_false(look(&p, 0, 0, 1000));
    assert_false(look(&p, 500, 50, 5000));
    assert_true(look(&p, 1000, 99, 5000));
}

TEST(reader_at_the_least_speed_is_not) {
    struct read_speed p = {0};
    uint64_t taken = 0;
    for (int64_t ms = 0; ms < 100000; ms += 250, taken += 25)
        assert_false(look(&p, ms, taken, 100000));
}

TEST(what_waited_is_taken_and_then_there_is_more) {
    struct read_speed p = {0};
    for (int64_t ms = 0; ms < 100000; ms += 250)
        assert_false(look(&p, ms, (uint64_t)ms / 250, 1)); /* 4 bytes a second, as they come */
}

TEST(few_bytes_that_stay_are_too_many) {
    struct read_speed p = {0};
    assert_false(look(&p, 0, 0, 2));
    assert_true(look(&p, 1000, 1, 1));
}

TEST(new_window_begins_after_a_good_one) {
    struct read_speed p = {0};
    assert_false(look(&p, 0, 0, 1000));
    assert_false(look(&p, 900, 100, 1000));
    assert_false(look(&p, 1800, 110, 1000));
    assert_true(look(&p, 1900, 110, 1000));
}

TEST(any_speed_will_do_when_none_is_asked_for) {
    const struct read_speed_limits none = {.window_ms = 1000, .bytes_per_s = 0};
    const struct read_speed_sample sample = {.taken = 0, .waiting = 1000};
    struct read_speed p = {0};
    for (int64_t ms = 0; ms < 10000; ms += 250)
        assert_false(read_speed_is_too_slow(&p, &none, &sample, ms));
}

TEST(only_tcp_can_be_measured) {
    int pair[2];
    struct read_speed_sample sample;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_false(read_speed_measure(pair[0], &sample));
    assert_int_equal(close(pair[0]) + close(pair[1]), 0);
    assert_false(read_speed_measure(pair[0], &sample));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_waits_and_no_time_counts),
        cmocka_unit_test(reader_that_takes_nothing_is_too_slow_when_the_window_is_over),
        cmocka_unit_test(reader_that_drips_is_too_slow),
        cmocka_unit_test(reader_at_the_least_speed_is_not),
        cmocka_unit_test(what_waited_is_taken_and_then_there_is_more),
        cmocka_unit_test(few_bytes_that_stay_are_too_many),
        cmocka_unit_test(new_window_begins_after_a_good_one),
        cmocka_unit_test(any_speed_will_do_when_none_is_asked_for),
        cmocka_unit_test(only_tcp_can_be_measured),
    };
    return cmocka_run_group_tests_name("read_speed", tests, NULL, NULL);
}
