#include "api/connection.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"

#include <netinet/in.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHORT_MS = 2, WINDOW_MS = 20, LONG_MS = 3600 * 1000 };

static struct timers *timers;
static struct connection_limits limits;
static int ours;
static int client; /* -1: it has gone */
static struct timer_event holder;
static sem_t held;
static sem_t go;

/* Small buffers, so that a few bytes fill them. */
static int connect_pair(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int size = 4096;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        return -1;
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    ours = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    (void)setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return close(listener);
}

static int begin(void **state) {
    (void)state;
    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    limits = (struct connection_limits){.header_ms = LONG_MS,
                                        .idle_ms = LONG_MS,
                                        .body_ms = LONG_MS,
                                        .read_speed = {.window_ms = WINDOW_MS, .bytes_per_s = 1000}};
    return connect_pair() == 0 && timers_create(&timers) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    sem_post(&go); /* for a test that failed */
    timers_destroy(timers);
    sem_destroy(&held);
    sem_destroy(&go);
    if (client >= 0)
        (void)close(client);
    return close(ours);
}

static struct connection *create_as(enum clients_verdict verdict) {
    const struct connection_options options = {
        .timers = timers, .limits = limits, .fd = ours, .pass = {.verdict = verdict}};
    struct connection *c = connection_create(&options);
    assert_non_null(c);
    return c;
}

static struct connection *create(void) {
    return create_as(CLIENTS_OPEN);
}

/* Reading ends when the connection is shut down. */
static void wait_end(int fd) {
    char bytes[4096];
    ssize_t n;
    do
        n = read(fd, bytes, sizeof bytes);
    while (n > 0);
    assert_int_equal(n, 0);
}

static void assert_open(void) {
    char byte = 'x';
    assert_int_equal(write(client, &byte, 1), 1);
    assert_int_equal(read(ours, &byte, 1), 1);
    assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), -1);
}

static void post(void *arg) {
    sem_post(arg);
}

/* All that is due until `ms` from now has been done. */
static void pass_through(int ms) {
    sem_t done;
    struct timer_event event;
    sem_init(&done, 0, 0);
    timer_event_init(&event, post, &done);
    timers_set(timers, &event, clock_now_ms() + ms);
    thread_wait(&done);
    timers_cancel(timers, &event);
    sem_destroy(&done);
}

static void wait_for_go(void *arg) {
    (void)arg;
    sem_post(&held);
    thread_wait(&go);
}

/* Until sem_post(&go) no time is over, so that a test can be quicker than any. */
static void hold_timers(void) {
    timer_event_init(&holder, wait_for_go, NULL);
    timers_set(timers, &holder, 0);
    thread_wait(&held);
}

static void fill(void) {
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    while (send(ours, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
}

TEST(first_header_has_its_time) {
    limits.header_ms = SHORT_MS;
    int64_t begin_ms = clock_now_ms();
    struct connection *c = create();
    wait_end(client);
    wait_end(ours);
    assert_true(clock_now_ms() >= begin_ms + SHORT_MS);
    connection_destroy(c);
}

TEST(bytes_that_come_do_not_stop_the_clock) {
    limits.header_ms = SHORT_MS;
    struct connection *c = create();
    while (send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
        char byte;
        if (recv(ours, &byte, 1, MSG_DONTWAIT) == 0)
            break;
    }
    connection_destroy(c);
}

TEST(connection_whose_time_is_not_over_stays_open) {
    struct connection *c = create();
    pass_through(1);
    assert_open();
    connection_destroy(c);
    assert_open();
}

TEST(body_has_a_time_of_its_own) {
    limits.body_ms = SHORT_MS;
    struct connection *c = create();
    pass_through(2 * SHORT_MS);
    assert_open();
    int64_t begin_ms = clock_now_ms();
    connection_await_body(c);
    wait_end(client);
    assert_true(clock_now_ms() >= begin_ms + SHORT_MS);
    connection_destroy(c);
}

TEST(next_header_may_come_later_than_the_first) {
    hold_timers();
    limits.header_ms = 0;
    struct connection *c = create();
    connection_await_header(c);
    sem_post(&go);
    pass_through(1);
    assert_open();
    connection_destroy(c);
}

TEST(idleness_ends) {
    limits.idle_ms = SHORT_MS;
    struct connection *c = create();
    connection_await_header(c);
    wait_end(client);
    connection_destroy(c);
}

TEST(work_takes_as_long_as_it_takes) {
    hold_timers();
    limits.header_ms = 0;
    limits.body_ms = 0;
    limits.idle_ms = SHORT_MS;
    struct connection *c = create();
    connection_await_body(c);
    connection_work(c);
    sem_post(&go);
    pass_through(2 * SHORT_MS);
    assert_open();
    connection_await_header(c); /* the clock that has rung is set again */
    wait_end(client);
    connection_destroy(c);
}

TEST(reader_that_does_not_read_is_cut) {
    struct connection *c = create();
    connection_send(c);
    fill();
    int64_t begin_ms = clock_now_ms();
    wait_end(ours);
    assert_true(clock_now_ms() >= begin_ms + WINDOW_MS / 2);
    connection_destroy(c);
}

TEST(answer_that_is_not_there_yet_waits_for_nobody) {
    struct connection *c = create();
    connection_send(c);
    pass_through(3 * WINDOW_MS);
    assert_open();
    connection_destroy(c);
}

TEST(answer_that_was_read_waits_for_nobody) {
    struct connection *c = create();
    connection_send(c);
    char byte = 'x';
    for (int i = 0; i < 5; i++) {
        assert_int_equal(write(ours, &byte, 1), 1);
        assert_int_equal(read(client, &byte, 1), 1);
        pass_through(WINDOW_MS);
    }
    assert_open();
    connection_destroy(c);
}

TEST(unix_sockets_have_no_pace) {
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(dup2(pair[0], ours), ours);
    assert_int_equal(dup2(pair[1], client), client);
    struct connection *c = create();
    connection_send(c);
    assert_int_equal(write(pair[0], "x", 1), 1);
    pass_through(2 * WINDOW_MS);
    char byte;
    assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), 1);
    assert_open();
    connection_destroy(c);
    assert_int_equal(close(pair[0]) + close(pair[1]), 0);
}

TEST(destroyed_connection_leaves_its_descriptor_alone) {
    hold_timers();
    limits.header_ms = 0;
    connection_destroy(create());
    sem_post(&go);
    pass_through(1);
    assert_open();
}

TEST(destroying_may_meet_the_end_of_the_time) {
    limits.header_ms = 0;
    for (int i = 0; i < 200; i++)
        connection_destroy(create());
    pass_through(1);
}

TEST(client_that_has_gone_does_no_harm) {
    limits.header_ms = 0;
    assert_int_equal(close(client), 0);
    client = -1;
    struct connection *c = create();
    connection_send(c);
    pass_through(WINDOW_MS);
    connection_destroy(c);
}

TEST(pass_is_kept_and_given_back) {
    struct connection *c = create_as(CLIENTS_CROWDED);
    assert_int_equal(connection_verdict(c), CLIENTS_CROWDED);
    assert_false(connection_is_local(c));
    assert_int_equal(connection_destroy(c).verdict, CLIENTS_CROWDED);
}

static void create_one(void) {
    const struct connection_options options = {.timers = timers, .limits = limits, .fd = ours};
    struct connection *c = connection_create(&options);
    if (c)
        connection_destroy(c);
}

TEST(memory_may_run_out) {
    unit_fail_each_allocation(create_one);
    assert_open();
}

#define WITH_A_CLIENT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_CLIENT(first_header_has_its_time),
        WITH_A_CLIENT(bytes_that_come_do_not_stop_the_clock),
        WITH_A_CLIENT(connection_whose_time_is_not_over_stays_open),
        WITH_A_CLIENT(body_has_a_time_of_its_own),
        WITH_A_CLIENT(next_header_may_come_later_than_the_first),
        WITH_A_CLIENT(idleness_ends),
        WITH_A_CLIENT(work_takes_as_long_as_it_takes),
        WITH_A_CLIENT(reader_that_does_not_read_is_cut),
        WITH_A_CLIENT(answer_that_is_not_there_yet_waits_for_nobody),
        WITH_A_CLIENT(answer_that_was_read_waits_for_nobody),
        WITH_A_CLIENT(unix_sockets_have_no_pace),
        WITH_A_CLIENT(destroyed_connection_leaves_its_descriptor_alone),
        WITH_A_CLIENT(destroying_may_meet_the_end_of_the_time),
        WITH_A_CLIENT(client_that_has_gone_does_no_harm),
        WITH_A_CLIENT(pass_is_kept_and_given_back),
        WITH_A_CLIENT(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
