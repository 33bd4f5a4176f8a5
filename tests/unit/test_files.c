#include "base/files.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

TEST(soft_limit_is_raised_to_the_hard_one) {
    struct rlimit limit;
    int64_t files = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(files_raise_limit(&files), ERR_NONE);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
    assert_true(files > 100);
    assert_true((rlim_t)files <= limit.rlim_max);
}

TEST(reserving_leaves_no_descriptor_open) {
    int before = dup(STDERR_FILENO);
    (void)close(before);
    files_reserve(1000);
    int after = dup(STDERR_FILENO);
    (void)close(after);
    assert_int_equal(before, after);
    assert_int_equal(fcntl(999, F_GETFD), -1);
}

static rlim_t set_soft_limit(rlim_t files) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = files;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

TEST(last_descriptors_are_spare) {
    assert_int_equal(files_without_spare(1000), 936);
    assert_int_equal(files_without_spare(100), 75);
    rlim_t before = set_soft_limit(1000);
    assert_false(files_is_spare(0));
    assert_false(files_is_spare(935));
    assert_true(files_is_spare(936));
    set_soft_limit(100);
    assert_false(files_is_spare(74));
    assert_true(files_is_spare(75));
    set_soft_limit(before);
}

TEST(as_many_are_left_as_can_be_opened) {
    int next = dup(STDERR_FILENO);
    (void)close(next);
    rlim_t before = set_soft_limit(256);
    int left = 192 - next;
    assert_true(files_are_left(left));
    assert_false(files_are_left(left + 1));
    set_soft_limit((rlim_t)next);
    assert_false(files_are_left(1));
    set_soft_limit(before);
    int after = dup(STDERR_FILENO);
    (void)close(after);
    assert_int_equal(after, next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_limit_is_raised_to_the_hard_one),
        cmocka_unit_test(reserving_leaves_no_descriptor_open),
        cmocka_unit_test(last_descriptors_are_spare),
        cmocka_unit_test(as_many_are_left_as_can_be_opened),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
