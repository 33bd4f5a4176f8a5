#include "daemon/notify.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receiver;

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
    return setenv("NOTIFY_SOCKET", name, 1);
}

static int end(void **state) {
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET"); /* the name is valid */
    return close(receiver);
}

static void assert_received(const char *text) {
    char received[200] = "";
    ssize_t n = recv(receiver, received, sizeof received - 1, MSG_DONTWAIT);
    assert_int_equal(n, strlen(text));
    assert_string_equal(received, text);
}

TEST(manager_is_told_each_state) {
    notify_ready("Listening on 127.0.0.1:80");
    assert_received("READY=1\nSTATUS=Listening on 127.0.0.1:80");
    notify_status("3 batches");
    assert_received("STATUS=3 batches");
    notify_stopping("Draining");
    assert_received("STOPPING=1\nSTATUS=Draining");
}

TEST(without_a_manager_nothing_happens) {
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_ready("x");
    notify_status("x");
    notify_stopping("x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(manager_is_told_each_state, begin, end),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_happens, begin, end),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
