#include "daemon/listen.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/fetchpool-unit-XXXXXX";
static char path[64];
static char unix_address[80];
static struct listen_sockets sockets;
static struct listen_error error;
static struct unix_access unix_access;

static int begin(void **state) {
    (void)state;
    sockets = (struct listen_sockets){0};
    error.text[0] = '\0';
    unix_access = (struct unix_access){.mode = 0660, .uid = (uid_t)-1, .gid = (gid_t)-1};
    return 0;
}

static int end(void **state) {
    (void)state;
    listen_close(&sockets);
    (void)unlink(path); /* most tests leave none */
    return 0;
}

static enum err open_one(const char *address) {
    char *items[] = {(char *)(uintptr_t)address};
    const struct settings_list list = {items, 1};
    return listen_open(&list, &unix_access, &sockets, &error);
}

static void assert_refused(const char *address, enum err err, const char *text) {
    assert_int_equal(open_one(address), err);
    assert_string_equal(error.text, text);
    assert_int_equal(sockets.count, 0);
}

static bool can_connect_unix(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd); /* was only tried */
    return connected;
}

static bool can_connect_tcp(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd); /* was only tried */
    return connected;
}

static int port_of(const char *address) {
    return (int)strtol(strrchr(address, ':') + 1, NULL, 10);
}

/* What a process that died leaves behind. */
static void leave_socket_file(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(close(fd), 0);
}

TEST(addresses_are_checked_without_a_lookup) {
    static const char *const right[] = {"127.0.0.1:8080", "localhost:0", "[::1]:65535",
                                        "[fe80::1%lo]:1", "unix:/run/x", "no-such-host:80"};
    static const char *const wrong[] = {
        "",      ":",        ":80",          "8080",  "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "h:8a",  "h:000000", "::1:80",       "[::1]", "[::1]80",   "[::1:80",    "[]:80",           "[localhost]:80",
        "unix:", "unix:x",   "http://h:80/", "h: 80"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_null(listen_check(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_string_equal(listen_check(wrong[i]), "must be host:port, [v6]:port or unix:/path");
}

TEST(path_of_a_unix_socket_has_a_greatest_length) {
    char text[200] = "unix:/";
    memset(text + 6, 'x', 106);
    assert_null(listen_check(text));
    text[112] = 'x';
    assert_non_null(listen_check(text));
}

TEST(port_0_gives_the_port_really_bound) {
    assert_int_equal(open_one("127.0.0.1:0"), ERR_NONE);
    assert_int_equal(sockets.count, 1);
    assert_int_equal(strncmp(sockets.items[0].address, "127.0.0.1:", 10), 0);
    assert_true(port_of(sockets.items[0].address) > 0);
    assert_true(can_connect_tcp(port_of(sockets.items[0].address)));
    assert_int_equal(fcntl(sockets.items[0].fd, F_GETFD), FD_CLOEXEC);
    assert_true(fcntl(sockets.items[0].fd, F_GETFL) & O_NONBLOCK);
}

TEST(name_is_looked_up) {
    assert_int_equal(open_one("localhost:0"), ERR_NONE);
    assert_int_equal(sockets.count, 1);
    assert_true(port_of(sockets.items[0].address) > 0);
}

TEST(ipv6_address_stands_in_brackets) {
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || open_one("[::1]:0") != ERR_NONE) {
        print_message("no IPv6 here\n");
    } else {
        assert_int_equal(strncmp(sockets.items[0].address, "[::1]:", 6), 0);
    }
    if (fd >= 0)
        (void)close(fd); /* was only tried */
}

TEST(taken_port_is_told) {
    char text[200];
    char address[64];
    struct listen_sockets first;
    assert_int_equal(open_one("127.0.0.1:0"), ERR_NONE);
    first = sockets;
    sockets = (struct listen_sockets){0};
    (void)snprintf(address, sizeof address, "%s", first.items[0].address);
    (void)snprintf(text, sizeof text, "cannot listen on %s: Address already in use", address);
    assert_refused(address, ERR_IO, text);
    listen_close(&first);
    assert_int_equal(open_one(address), ERR_NONE);
}

TEST(address_of_another_machine_is_told) {
    assert_refused("192.0.2.1:0", ERR_IO, "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST(wrong_address_is_told) {
    assert_refused("8080", ERR_INVALID, "cannot listen on 8080: must be host:port, [v6]:port or unix:/path");
}

TEST(one_bad_address_closes_the_others) {
    char *items[] = {unix_address, (char *)(uintptr_t) "192.0.2.1:0"};
    const struct settings_list list = {items, 2};
    assert_int_equal(listen_open(&list, &unix_access, &sockets, &error), ERR_IO);
    assert_int_equal(access(path, F_OK), -1);
}

TEST(unix_socket_is_for_owner_and_group) {
    struct stat file;
    mode_t before = umask(0);
    assert_int_equal(open_one(unix_address), ERR_NONE);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0660);
    listen_close(&sockets);
    (void)umask(0077);
    assert_int_equal(open_one(unix_address), ERR_NONE);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0660);
    (void)umask(before);
    assert_string_equal(sockets.items[0].address, unix_address);
    assert_true(can_connect_unix());
}

TEST(unix_socket_is_removed_at_close) {
    assert_int_equal(open_one(unix_address), ERR_NONE);
    listen_close(&sockets);
    assert_int_equal(access(path, F_OK), -1);
}

TEST(socket_file_of_another_is_not_removed_at_close) {
    assert_int_equal(open_one(unix_address), ERR_NONE);
    int kept = dup(sockets.items[0].fd); /* keeps the inode from being used again */
    assert_int_equal(unlink(path), 0);
    leave_socket_file();
    listen_close(&sockets);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(close(kept), 0);
}

TEST(stale_socket_file_is_replaced) {
    leave_socket_file();
    assert_false(can_connect_unix());
    assert_int_equal(open_one(unix_address), ERR_NONE);
    assert_true(can_connect_unix());
}

TEST(socket_in_use_is_left_alone) {
    char text[200];
    assert_int_equal(open_one(unix_address), ERR_NONE);
    struct listen_sockets first = sockets;
    sockets = (struct listen_sockets){0};
    (void)snprintf(text, sizeof text, "cannot listen on %s: Address already in use", unix_address);
    assert_refused(unix_address, ERR_IO, text);
    assert_true(can_connect_unix());
    listen_close(&first);
}

TEST(other_file_is_left_alone) {
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(open_one(unix_address), ERR_IO);
    assert_non_null(strstr(error.text, "Address already in use"));
    assert_int_equal(access(path, F_OK), 0);
}

TEST(missing_directory_is_told) {
    assert_refused("unix:/nonexistent/x", ERR_IO, "cannot listen on unix:/nonexistent/x: No such file or directory");
}

TEST(socket_taken_over_is_not_closed) {
    assert_int_equal(open_one("127.0.0.1:0"), ERR_NONE);
    int fd = sockets.items[0].fd;
    sockets.items[0].fd = -1;
    listen_close(&sockets);
    assert_int_equal(close(fd), 0);
}

/* Calls listen_open with `fd` handed over as systemd does: as descriptor 3. */
static enum err open_handed(int fd) {
    char pid[16];
    int before = fcntl(3, F_DUPFD_CLOEXEC, 10); /* the test may have an own descriptor 3 */
    assert_int_equal(dup2(fd, 3), 3);
    if (fd != 3)
        assert_int_equal(close(fd), 0);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
    assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
    enum err err = open_one("192.0.2.1:0");
    assert_null(getenv("LISTEN_FDS"));
    if (before >= 0) {
        int moved = fcntl(3, F_DUPFD_CLOEXEC, 10);
        if (sockets.count == 1)
            sockets.items[0].fd = moved;
        assert_int_equal(dup2(before, 3), 3);
        assert_int_equal(close(before), 0);
    }
    return err;
}

TEST(sockets_from_systemd_stand_in_for_all_addresses) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(open_handed(fd), ERR_NONE);
    assert_int_equal(sockets.count, 1);
    assert_int_equal(strncmp(sockets.items[0].address, "127.0.0.1:", 10), 0);
    assert_int_equal(fcntl(sockets.items[0].fd, F_GETFD), FD_CLOEXEC);
    assert_true(can_connect_tcp(port_of(sockets.items[0].address)));
}

TEST(descriptor_that_does_not_listen_is_refused) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(open_handed(fd), ERR_IO);
    assert_string_equal(error.text, "cannot listen on descriptor 3 from systemd: it is no listening stream socket");
}

static void open_and_close(void) {
    enum err err = open_one(unix_address);
    assert_int_equal(err, unit_failed_allocations() == 0 ? ERR_NONE : err == ERR_IO ? ERR_IO : ERR_NOMEM);
    listen_close(&sockets);
    assert_int_equal(access(path, F_OK), -1);
}

TEST(memory_that_runs_out_leaves_no_socket) {
    unit_fail_each_allocation(open_and_close);
}

static int make_directory(void **state) {
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(path, sizeof path, "%s/socket", directory);
    (void)snprintf(unix_address, sizeof unix_address, "unix:%s", path);
    return 0;
}

static int remove_directory(void **state) {
    (void)state;
    return rmdir(directory);
}

#define LISTEN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LISTEN_TEST(addresses_are_checked_without_a_lookup),
        LISTEN_TEST(path_of_a_unix_socket_has_a_greatest_length),
        LISTEN_TEST(port_0_gives_the_port_really_bound),
        LISTEN_TEST(name_is_looked_up),
        LISTEN_TEST(ipv6_address_stands_in_brackets),
        LISTEN_TEST(taken_port_is_told),
        LISTEN_TEST(address_of_another_machine_is_told),
        LISTEN_TEST(wrong_address_is_told),
        LISTEN_TEST(one_bad_address_closes_the_others),
        LISTEN_TEST(unix_socket_is_for_owner_and_group),
        LISTEN_TEST(unix_socket_is_removed_at_close),
        LISTEN_TEST(socket_file_of_another_is_not_removed_at_close),
        LISTEN_TEST(stale_socket_file_is_replaced),
        LISTEN_TEST(socket_in_use_is_left_alone),
        LISTEN_TEST(other_file_is_left_alone),
        LISTEN_TEST(missing_directory_is_told),
        LISTEN_TEST(socket_taken_over_is_not_closed),
        LISTEN_TEST(sockets_from_systemd_stand_in_for_all_addresses),
        LISTEN_TEST(descriptor_that_does_not_listen_is_refused),
        LISTEN_TEST(memory_that_runs_out_leaves_no_socket),
    };
    return cmocka_run_group_tests_name("listen", tests, make_directory, remove_directory);
}
