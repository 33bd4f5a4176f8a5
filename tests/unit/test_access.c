#include "daemon/access.h"

#include "unit.h"
#include "unit_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct listen_sockets sockets;
static struct settings settings;
static char empty[] = "";
static char error[ACCESS_ERROR_BYTES];

static int begin(void **state) {
    (void)state;
    settings = (struct settings){.auth.token_file = empty};
    error[0] = '\0';
    return 0;
}

static int end(void **state) {
    (void)state;
    listen_close(&sockets);
    unit_file_remove();
    return 0;
}

static void listen_on(const char *first, const char *second) {
    char *items[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second};
    const struct settings_list list = {items, second ? 2 : 1};
    const struct unix_access access = {.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
    struct listen_error wrong;
    assert_int_equal(listen_open(&list, &access, &sockets, &wrong), ERR_NONE);
}

static void name_file(const char *text) {
    settings.auth.token_file = (char *)(uintptr_t)unit_file_write_text(text);
}

static enum err prepare(void) {
    struct auth_policy *policy;
    enum err err = access_prepare(&settings, &sockets, &policy, error);
    if (!err)
        auth_policy_destroy(policy);
    return err;
}

TEST(loopback_needs_nothing) {
    listen_on("127.0.0.1:0", "127.8.9.10:0");
    assert_int_equal(prepare(), ERR_NONE);
    assert_true(access_is_local(sockets.items[0].fd) && access_is_local(sockets.items[1].fd));
}

TEST(beyond_loopback_tokens_are_needed) {
    listen_on("127.0.0.1:0", "0.0.0.0:0");
    assert_false(access_is_local(sockets.items[1].fd));
    assert_int_equal(prepare(), ERR_INVALID);
    assert_non_null(strstr(error, sockets.items[1].address));
    assert_non_null(strstr(error, "auth.token_file"));
    assert_non_null(strstr(error, "auth.allow_anonymous"));
    name_file("");
    assert_int_equal(prepare(), ERR_NONE);
}

TEST(beyond_loopback_it_may_be_open_on_purpose) {
    listen_on("0.0.0.0:0", NULL);
    settings.auth.allow_anonymous = 1;
    assert_int_equal(prepare(), ERR_NONE);
    name_file("");
    assert_int_equal(prepare(), ERR_NONE);
}

TEST(broken_file_is_refused_wherever_it_listens) {
    listen_on("127.0.0.1:0", NULL);
    name_file("\nnonsense");
    assert_int_equal(prepare(), ERR_INVALID);
    assert_memory_equal(error, "auth.token_file: /", 18);
    assert_non_null(strstr(error, ":2: there is no digest behind the name"));
    settings.auth.token_file = (char *)(uintptr_t) "/nonexistent";
    assert_int_equal(prepare(), ERR_IO);
    assert_string_equal(error, "auth.token_file: /nonexistent: No such file or directory");
}

static enum err check(const char *address) {
    char *items[] = {(char *)(uintptr_t)address};
    settings.server.listen = (struct settings_list){items, 1};
    return access_check(&settings, error);
}

TEST(addresses_are_judged_without_being_opened) {
    static const char *const local[] = {"127.0.0.1:80", "127.255.0.1:0", "[::1]:80", "localhost:80", "unix:/tmp/x"};
    static const char *const beyond[] = {"0.0.0.0:80",       "192.0.2.1:80",          "[::]:80",
                                         "[2001:db8::1]:80", "[::ffff:127.0.0.1]:80", "128.0.0.1:80",
                                         "126.0.0.1:0"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        assert_int_equal(check(local[i]), ERR_NONE);
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        assert_int_equal(check(beyond[i]), ERR_INVALID);
        assert_memory_equal(error, beyond[i], strlen(beyond[i]));
    }
    name_file("a b");
    assert_int_equal(check("127.0.0.1:80"), ERR_INVALID);
}

TEST(what_is_no_socket_is_not_local) {
    assert_false(access_is_local(-1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loopback_needs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(beyond_loopback_tokens_are_needed, begin, end),
        cmocka_unit_test_setup_teardown(beyond_loopback_it_may_be_open_on_purpose, begin, end),
        cmocka_unit_test_setup_teardown(broken_file_is_refused_wherever_it_listens, begin, end),
        cmocka_unit_test_setup_teardown(addresses_are_judged_without_being_opened, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_socket_is_not_local, begin, end),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
