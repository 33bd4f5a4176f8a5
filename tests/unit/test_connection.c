#include "api/connection.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"

#include <sched.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHORT_MS = 2, LONG_MS = 3600 * 1000 };

static struct timers *timers;
static int ours;
static int client; /* -1: it has gone */
static struct timer_event holder;
static sem_t held;
static sem_t go;

static int begin(void **state) {
    (void)state;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    ours = pair[0];
    client = pair[1];
    return timers_create(&timers) == ERR_NONE ? 0 : -1;
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

static struct connection *create(int64_t limit_ms) {
    struct connection *c = connection_create(timers, ours, limit_ms);
    assert_non_null(c);
    return c;
}

/* Reading ends when the connection is shut down. */
static void wait_end(int fd) {
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
}

static void assert_open(void) {
    char byte = 'x';
    assert_int_equal(write(client, &byte, 1), 1);
    assert_int_equal(recv(ours, &byte, 1, MSG_DONTWAIT), 1);
    assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), -1);
}

static void post(void *arg) {
    sem_post(arg);
}

/* All that was due has been done. */
static void pass_through(void) {
    sem_t done;
    struct timer_event event;
    sem_init(&done, 0, 0);
    timer_event_init(&event, post, &done);
    timers_set(timers, &event, clock_now_ms() + 1);
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

static void wait_until(int64_t at_ms) {
    while (clock_now_ms() < at_ms)
        sched_yield();
}

TEST(clock_runs_from_the_start) {
    int64_t begin_ms = clock_now_ms();
    struct connection *c = create(SHORT_MS);
    wait_end(client);
    wait_end(ours);
    assert_true(clock_now_ms() >= begin_ms + SHORT_MS);
    connection_destroy(c);
}

TEST(bytes_that_come_do_not_stop_the_clock) {
    struct connection *c = create(SHORT_MS);
    while (send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
        char byte;
        if (recv(ours, &byte, 1, MSG_DONTWAIT) == 0)
            break;
    }
    wait_end(client);
    connection_destroy(c);
}

TEST(connection_whose_time_is_not_over_stays_open) {
    struct connection *c = create(LONG_MS);
    pass_through();
    assert_open();
    connection_destroy(c);
    assert_open();
}

TEST(stopped_clock_ends_nothing) {
    hold_timers();
    struct connection *c = create(0);
    connection_disarm(c);
    sem_post(&go);
    pass_through();
    assert_open();
    connection_disarm(c);
    connection_destroy(c);
}

TEST(clock_that_was_stopped_can_be_started_anew) {
    hold_timers();
    struct connection *c = create(SHORT_MS);
    connection_disarm(c);
    sem_post(&go);
    int64_t begin_ms = clock_now_ms();
    connection_arm(c);
    wait_end(client);
    assert_true(clock_now_ms() >= begin_ms + SHORT_MS);
    connection_destroy(c);
}

TEST(starting_a_clock_that_runs_puts_its_end_off) {
    hold_timers();
    struct connection *c = create(SHORT_MS);
    wait_until(clock_now_ms() + SHORT_MS);
    int64_t begin_ms = clock_now_ms();
    connection_arm(c);
    sem_post(&go);
    wait_end(client);
    assert_true(clock_now_ms() >= begin_ms + SHORT_MS);
    connection_destroy(c);
}

TEST(destroyed_connection_leaves_its_descriptor_alone) {
    hold_timers();
    connection_destroy(create(0));
    sem_post(&go);
    pass_through();
    assert_open();
}

TEST(destroying_may_meet_the_end_of_the_time) {
    for (int i = 0; i < 200; i++)
        connection_destroy(create(0));
    pass_through();
}

TEST(client_that_has_gone_does_no_harm) {
    assert_int_equal(close(client), 0);
    client = -1;
    struct connection *c = create(0);
    pass_through();
    wait_end(ours);
    connection_destroy(c);
}

TEST(none_does_no_harm) {
    connection_arm(NULL);
    connection_disarm(NULL);
    connection_destroy(NULL);
}

static void create_one(void) {
    struct connection *c = connection_create(timers, ours, LONG_MS);
    connection_arm(c);
    connection_destroy(c);
}

TEST(memory_that_runs_out_leaves_a_connection_without_its_clock) {
    unit_fail_each_allocation(create_one);
    unit_fail_allocation(1);
    assert_null(connection_create(timers, ours, SHORT_MS));
    unit_fail_allocation(0);
    assert_open();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clock_runs_from_the_start, begin, end),
        cmocka_unit_test_setup_teardown(bytes_that_come_do_not_stop_the_clock, begin, end),
        cmocka_unit_test_setup_teardown(connection_whose_time_is_not_over_stays_open, begin, end),
        cmocka_unit_test_setup_teardown(stopped_clock_ends_nothing, begin, end),
        cmocka_unit_test_setup_teardown(clock_that_was_stopped_can_be_started_anew, begin, end),
        cmocka_unit_test_setup_teardown(starting_a_clock_that_runs_puts_its_end_off, begin, end),
        cmocka_unit_test_setup_teardown(destroyed_connection_leaves_its_descriptor_alone, begin, end),
        cmocka_unit_test_setup_teardown(destroying_may_meet_the_end_of_the_time, begin, end),
        cmocka_unit_test_setup_teardown(client_that_has_gone_does_no_harm, begin, end),
        cmocka_unit_test(none_does_no_harm),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_leaves_a_connection_without_its_clock, begin, end),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
