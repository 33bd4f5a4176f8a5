#include "api/pulse.h"
#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10 * 1000, BEATS = 200 };

static int listener;
static struct sockaddr_in address;
static struct MHD_Daemon *library;
static struct pulse *pulse;
static sem_t beaten;    /* posted after each call about a pulse */
static sem_t held;      /* posted by a client's request that holds the thread up */
static sem_t go;        /* lets it go on */
static sem_t has_quiet; /* posted when the socket is left alone */

static enum MHD_Result on_accept(void *arg, const struct sockaddr *from, socklen_t len) {
    (void)arg, (void)len;
    assert_non_null(from);
    return MHD_YES;
}

/* A client's request holds the thread up, then its connection is closed. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *size, void **con_cls) {
    struct pulse *found = pulse_of(connection);
    (void)arg, (void)path, (void)method, (void)version, (void)data, (void)size, (void)con_cls;
    if (found) {
        bool goes_on = pulse_beat(found, connection);
        sem_post(&beaten);
        return goes_on ? MHD_YES : MHD_NO;
    }
    sem_post(&held);
    thread_wait(&go);
    return MHD_NO;
}

static void on_quiet(void *arg) {
    sem_post(arg);
}

static void listen_on_loopback(void) {
    socklen_t len = sizeof address;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
}

static void wait_for(sem_t *sem) {
    assert_true(thread_wait_until(sem, clock_now_ms() + PATIENCE_MS));
}

/* The two calls about its request, header and end. */
static void wait_for_first_beat(void) {
    wait_for(&beaten);
    wait_for(&beaten);
}

static int begin(void **state) {
    (void)state;
    sem_init(&beaten, 0, 0);
    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&has_quiet, 0, 0);
    listen_on_loopback();
    library = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept, NULL, on_request,
                               NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_END);
    assert_non_null(library);
    assert_int_equal(pulse_start(NULL, library, false, &pulse), ERR_NONE);
    wait_for_first_beat();
    return 0;
}

static int end(void **state) {
    (void)state;
    bool is_quiet = pulse_is_quiet(pulse);
    pulse_end(pulse);
    MHD_stop_daemon(library); /* aborts while a connection is suspended */
    pulse_destroy(pulse);
    if (is_quiet)
        (void)close(listener);
    sem_destroy(&beaten);
    sem_destroy(&held);
    sem_destroy(&go);
    sem_destroy(&has_quiet);
    return 0;
}

static int connect_client(void) {
    static const char text[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, text, sizeof text - 1, MSG_NOSIGNAL), sizeof text - 1);
    return fd;
}

TEST(asked_it_beats_each_time) {
    for (int i = 0; i < BEATS; i++) {
        pulse_ask(pulse);
        wait_for(&beaten);
        assert_true(pulse_has_beaten(pulse));
    }
}

TEST(asked_twice_before_a_beat_is_answered_by_one_at_least) {
    for (int i = 0; i < BEATS; i++) {
        pulse_ask(pulse);
        pulse_ask(pulse);
        while (!pulse_has_beaten(pulse))
            wait_for(&beaten);
    }
}

TEST(thread_that_is_held_up_does_not_beat) {
    int client = connect_client();
    wait_for(&held);
    pulse_ask(pulse);
    assert_false(pulse_has_beaten(pulse));
    sem_post(&go);
    wait_for(&beaten);
    assert_true(pulse_has_beaten(pulse));
    (void)close(client);
}

TEST(quiet_socket_keeps_who_connects_for_others) {
    pulse_quiesce(pulse, on_quiet, &has_quiet);
    wait_for(&has_quiet);
    assert_true(pulse_is_quiet(pulse));
    int client = connect_client();
    pulse_ask(pulse);
    while (!pulse_has_beaten(pulse))
        wait_for(&beaten);
    int taken = accept4(listener, NULL, NULL, SOCK_CLOEXEC); /* the library has left it there */
    assert_true(taken >= 0);
    assert_int_equal(sem_trywait(&held), -1);
    (void)close(taken);
    (void)close(client);
}

TEST(socket_becomes_quiet_once) {
    pulse_quiesce(pulse, on_quiet, &has_quiet);
    wait_for(&has_quiet);
    for (int i = 0; i < BEATS; i++) {
        pulse_ask(pulse);
        while (!pulse_has_beaten(pulse))
            wait_for(&beaten);
    }
    assert_int_equal(sem_trywait(&has_quiet), -1);
}

TEST(stops_whatever_it_does) {
    pulse_ask(pulse); /* the end comes with this on its way */
}

TEST(addresses_of_clients_are_none) {
    const struct sockaddr_in client = {.sin_family = AF_INET};
    assert_false(pulse_is_address(NULL));
    assert_false(pulse_is_address((const struct sockaddr *)&client));
}

#define PULSE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        PULSE_TEST(asked_it_beats_each_time),
        PULSE_TEST(asked_twice_before_a_beat_is_answered_by_one_at_least),
        PULSE_TEST(thread_that_is_held_up_does_not_beat),
        PULSE_TEST(quiet_socket_keeps_who_connects_for_others),
        PULSE_TEST(socket_becomes_quiet_once),
        PULSE_TEST(stops_whatever_it_does),
        cmocka_unit_test(addresses_of_clients_are_none),
    };
    return cmocka_run_group_tests_name("pulse", tests, NULL, NULL);
}
