#include "daemon/manager.h"

#include "unit.h"

#include <stdlib.h>

/* What it tells one that is there, and when, is seen from outside: tests/e2e/test_watchdog.py. */
TEST(without_a_service_manager_there_is_nothing) {
    const struct manager_options options = {0};
    struct manager *m;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(manager_start(&options, &m), ERR_NONE);
    assert_null(m);
    manager_ready(m);
    manager_reloading(m);
    manager_reloaded(m, "a fault");
    manager_stopping(m, 1);
    manager_stop(m);
    manager_destroy(m);
}

TEST(without_memory_it_does_not_start) {
    const struct manager_options options = {0};
    struct manager *m;
    assert_int_equal(setenv("NOTIFY_SOCKET", "@fetchpool-test-nobody", 1), 0);
    unit_fail_allocation(1);
    assert_int_equal(manager_start(&options, &m), ERR_NOMEM);
    unit_fail_allocation(0);
    assert_null(m);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_service_manager_there_is_nothing),
        cmocka_unit_test(without_memory_it_does_not_start),
    };
    return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
