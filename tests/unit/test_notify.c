#include "daemon/notify.h"

#include "base/clock.h"
#include "unit.h"
#include "unit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receiver;
static struct notify notify;

static int begin(void **state) {
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof address;
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (receiver < 0 || bind(receiver, (const struct sockaddr *)&address, sizeof address.sun_family) != 0)
        return -1; /* unix(7): the system has chosen an abstract name */
    if (getsockname(receiver, (struct sockaddr *)&address, &len) != 0)
        return -1;
    size_t name_len = (size_t)len - offsetof(struct sockaddr_un, sun_path);
    char name[sizeof address.sun_path + 1] = "";
    memcpy(name, address.sun_path, name_len);
    name[0] = '@';
    return setenv("NOTIFY_SOCKET", name, 1) == 0 && notify_open(&notify) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET"); /* the name is valid */
    notify_close(&notify);
    return close(receiver);
}

static void assert_received(const char *text) {
    char received[200] = "";
    ssize_t n = recv(receiver, received, sizeof received - 1, MSG_DONTWAIT);
    assert_int_equal(n, strlen(text));
    assert_string_equal(received, text);
}

TEST(manager_is_told_each_state) {
    notify_ready(&notify, "Listening on 127.0.0.1:80");
    assert_received("READY=1\nSTATUS=Listening on 127.0.0.1:80");
    notify_status(&notify, "3 batches");
    assert_received("STATUS=3 batches");
    notify_watchdog(&notify);
    assert_received("WATCHDOG=1");
    notify_stopping(&notify, "Draining", 35500);
    assert_received("STOPPING=1\nEXTEND_TIMEOUT_USEC=35500000\nSTATUS=Draining");
}

TEST(reload_is_told_with_its_time) {
    static const char start[] = "RELOADING=1\nMONOTONIC_USEC=", end[] = "\nSTATUS=reloading";
    char received[200] = "";
    int64_t before_us = clock_now_us();
    notify_reloading(&notify);
    ssize_t n = recv(receiver, received, sizeof received - 1, MSG_DONTWAIT);
    assert_true(n > (ssize_t)(sizeof start + sizeof end));
    assert_memory_equal(received, start, sizeof start - 1);
    assert_string_equal(received + n - (sizeof end - 1), end);
    assert_in_range(strtoll(received + sizeof start - 1, NULL, 10), before_us, clock_now_us());
}

static void set_watchdog(const char *period_us, const char *pid) {
    assert_int_equal(period_us ? setenv("WATCHDOG_USEC", period_us, 1) : unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID"), 0);
}

TEST(watchdog_is_there_when_it_is_ours) {
    char self[24];
    (void)snprintf(self, sizeof self, "%d", getpid());
    set_watchdog("30000000", self);
    assert_int_equal(notify_watchdog_ms(), 30000);
    set_watchdog("30000000", NULL);
    assert_int_equal(notify_watchdog_ms(), 30000);
    set_watchdog("30000000", "1");
    assert_int_equal(notify_watchdog_ms(), 0);
    set_watchdog("soon", NULL);
    assert_int_equal(notify_watchdog_ms(), 0);
    set_watchdog(NULL, NULL);
    assert_int_equal(notify_watchdog_ms(), 0);
}

TEST(manager_is_told_when_no_descriptor_is_left) {
    struct rlimit old, none = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    notify_watchdog(&notify);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_received("WATCHDOG=1");
}

/* A manager that is started anew has a new socket at the old place. */
TEST(manager_is_told_at_a_path) {
    struct notify by_path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = unit_file_write_text("");
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_true(notify_open(&by_path));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unlink(path), 0);
        int again = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(again, (const struct sockaddr *)&address, sizeof address), 0);
        notify_watchdog(&by_path);
        char received[200] = "";
        assert_int_equal(recv(again, received, sizeof received - 1, MSG_DONTWAIT), strlen("WATCHDOG=1"));
        assert_int_equal(close(again), 0);
    }
    notify_close(&by_path);
    unit_file_remove();
}

TEST(manager_that_does_not_listen_is_not_waited_for) {
    for (int i = 0; i < 3; i++) {
        while (sendto(notify.fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&notify.address, notify.address_len) > 0)
            continue;
        notify_watchdog(&notify);
    }
}

TEST(manager_is_there_when_it_has_an_address) {
    struct notify none;
    assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
    assert_false(notify_open(&none));
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_false(notify_open(&none));
}

TEST(a_manager_of_another_kind_or_one_that_is_gone_is_no_harm) {
    static const char *const addresses[] = {"vsock:2:1234", "nonsense", "/no/such/socket", "@fetchpool-nobody"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct notify other;
        assert_int_equal(setenv("NOTIFY_SOCKET", addresses[i], 1), 0);
        assert_true(notify_open(&other));
        notify_ready(&other, "x");
        notify_watchdog(&other);
        notify_close(&other);
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(manager_is_told_each_state, begin, end),
        cmocka_unit_test_setup_teardown(reload_is_told_with_its_time, begin, end),
        cmocka_unit_test(manager_is_there_when_it_has_an_address),
        cmocka_unit_test(watchdog_is_there_when_it_is_ours),
        cmocka_unit_test_setup_teardown(manager_is_told_when_no_descriptor_is_left, begin, end),
        cmocka_unit_test_setup_teardown(manager_that_does_not_listen_is_not_waited_for, begin, end),
        cmocka_unit_test(manager_is_told_at_a_path),
        cmocka_unit_test(a_manager_of_another_kind_or_one_that_is_gone_is_no_harm),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
