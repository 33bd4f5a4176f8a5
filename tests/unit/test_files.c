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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_limit_is_raised_to_the_hard_one),
        cmocka_unit_test(reserving_leaves_no_descriptor_open),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
