#include "daemon/process.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

TEST(cores_are_off) {
    struct rlimit limit;
    process_close_up();
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
#ifdef FETCHPOOL_SANITIZED
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
#else
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
#endif
}

TEST(files_are_for_the_own_user) {
    (void)umask(0);
    process_close_up();
    assert_int_equal(umask(0), 077);
}

TEST(environment_names_no_proxy_and_no_key_log) {
    static const char *const unwanted[] = {"http_proxy", "HTTPS_PROXY", "All_Proxy", "no_proxy", "SSLKEYLOGFILE"};
    static const char *const kept[] = {"FETCHPOOL_LOG_LEVEL", "NOTIFY_SOCKET", "_PROXY_", "_proxy", "SSLKEYLOGFILES"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(setenv(unwanted[i], "x", 1), 0);
        assert_int_equal(setenv(kept[i], "x", 1), 0);
    }
    process_close_up();
    for (size_t i = 0; i < 5; i++) {
        assert_null(getenv(unwanted[i]));
        assert_non_null(getenv(kept[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_are_off),
        cmocka_unit_test(files_are_for_the_own_user),
        cmocka_unit_test(environment_names_no_proxy_and_no_key_log),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
