#include "api/monitor.h"

#include "base/thread.h"
#include "unit.h"
#include "unit_thread.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 200, ROUNDS = 300 };

/* A connection, its client, and how often its departure was told. */
struct connection {
    struct monitor_watch watch;
    int ours;
    int client;
    atomic_int told;
};

static struct monitor *monitor;
static struct connection connections[CLIENTS];
static sem_t told;
static sem_t called;
static sem_t go;

static int begin(void **state) {
    (void)state;
    unit_thread_reset();
    sem_init(&told, 0, 0);
    sem_init(&called, 0, 0);
    sem_init(&go, 0, 0);
    return monitor_create(&monitor) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    monitor_destroy(monitor);
    sem_destroy(&told);
    sem_destroy(&called);
    sem_destroy(&go);
    return 0;
}

static struct connection *open_connection(size_t i) {
    int pair[2];
    struct connection *c = &connections[i];
    memset(c, 0, sizeof *c);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    c->ours = pair[0];
    c->client = pair[1];
    return c;
}

static void leave(struct connection *c) {
    if (c->client >= 0)
        assert_int_equal(close(c->client), 0);
    c->client = -1;
}

/* What the front end does at the end of a request. */
static void close_connection(struct connection *c) {
    monitor_forget(monitor, &c->watch);
    leave(c);
    assert_int_equal(close(c->ours), 0);
}

static void note_left(void *arg) {
    struct connection *c = arg;
    c->told++;
    sem_post(&told);
}

static void watch(struct connection *c) {
    monitor_watch(monitor, &c->watch, c->ours, note_left, c);
}

/* What came before in the monitor's thread has been done when this has been told. */
static void pass_through(void) {
    struct connection *c = open_connection(CLIENTS - 1);
    leave(c);
    watch(c);
    while (c->told == 0)
        thread_wait(&told);
    close_connection(c);
}

TEST(destroying_none_does_no_harm) {
    monitor_destroy(NULL);
}

TEST(client_that_leaves_is_told_once) {
    struct connection *c = open_connection(0);
    watch(c);
    leave(c);
    thread_wait(&told);
    pass_through();
    assert_int_equal(c->told, 1);
    close_connection(c);
}

TEST(client_that_has_left_before_is_told_at_once) {
    struct connection *c = open_connection(0);
    leave(c);
    watch(c);
    thread_wait(&told);
    assert_int_equal(c->told, 1);
    close_connection(c);
}

TEST(client_that_sends_no_more_counts_as_gone) {
    struct connection *c = open_connection(0);
    watch(c);
    assert_int_equal(shutdown(c->client, SHUT_WR), 0);
    thread_wait(&told);
    assert_int_equal(c->told, 1);
    close_connection(c);
}

TEST(client_that_stays_is_not_told) {
    struct connection *c = open_connection(0);
    watch(c);
    assert_int_equal(write(c->client, "GET", 3), 3); /* the next request, before its time */
    pass_through();
    assert_int_equal(c->told, 0);
    close_connection(c);
}

TEST(forgotten_client_is_not_told) {
    struct connection *c = open_connection(0);
    watch(c);
    monitor_forget(monitor, &c->watch);
    leave(c);
    pass_through();
    assert_int_equal(c->told, 0);
    close_connection(c);
}

TEST(forgetting_what_is_not_watched_does_no_harm) {
    struct monitor_watch w = {0};
    monitor_forget(monitor, &w);
    struct connection *c = open_connection(0);
    watch(c);
    monitor_forget(monitor, &c->watch);
    monitor_forget(monitor, &c->watch);
    close_connection(c);
}

TEST(connection_can_be_watched_again) {
    struct connection *c = open_connection(0);
    for (int i = 0; i < 10; i++) {
        watch(c);
        monitor_forget(monitor, &c->watch);
    }
    watch(c);
    leave(c);
    thread_wait(&told);
    assert_int_equal(c->told, 1);
    monitor_forget(monitor, &c->watch);
    watch(c);
    thread_wait(&told);
    assert_int_equal(c->told, 2);
    close_connection(c);
}

/* More watches than the monitor has buckets, so that each is looked into. */
TEST(forgotten_watch_is_not_looked_at) {
    struct monitor_watch gone = {0};
    struct connection *c = open_connection(0);
    monitor_watch(monitor, &gone, c->ours, note_left, c);
    monitor_forget(monitor, &gone);
    memset(&gone, 0xFF, sizeof gone); /* it is freed now */
    for (int i = 0; i < 2000; i++) {
        watch(c);
        monitor_forget(monitor, &c->watch);
    }
    close_connection(c);
}

TEST(descriptor_that_cannot_be_watched_is_never_told) {
    struct connection *c = open_connection(0);
    monitor_watch(monitor, &c->watch, -1, note_left, c);
    pass_through();
    assert_int_equal(c->told, 0);
    close_connection(c);
}

/* ---- forgetting while the function is called ---- */

static atomic_bool returned;

static void wait_for_go(void *arg) {
    struct connection *c = arg;
    sem_post(&called);
    thread_wait(&go);
    c->told++;
    returned = true;
}

static void *release(void *arg) {
    (void)arg;
    sem_post(&go);
    return NULL;
}

TEST(forgetting_waits_for_the_call_that_runs) {
    for (int i = 0; i < ROUNDS; i++) {
        struct connection *c = open_connection(0);
        pthread_t releaser;
        returned = false;
        monitor_watch(monitor, &c->watch, c->ours, wait_for_go, c);
        leave(c);
        thread_wait(&called);
        assert_int_equal(pthread_create(&releaser, NULL, release, NULL), 0);
        monitor_forget(monitor, &c->watch);
        assert_true(returned);
        assert_int_equal(c->told, 1);
        assert_int_equal(pthread_join(releaser, NULL), 0);
        close_connection(c);
    }
}

TEST(forgetting_another_does_not_wait) {
    struct connection *c = open_connection(0);
    struct connection *other = open_connection(1);
    watch(other);
    monitor_watch(monitor, &c->watch, c->ours, wait_for_go, c);
    leave(c);
    thread_wait(&called);
    leave(other);
    monitor_forget(monitor, &other->watch); /* would hang */
    sem_post(&go);
    monitor_forget(monitor, &c->watch);
    assert_int_equal(other->told, 0);
    close_connection(other);
    close_connection(c);
}

TEST(clients_may_leave_while_they_are_forgotten) {
    for (int i = 0; i < ROUNDS; i++) {
        struct connection *c = open_connection(0);
        watch(c);
        leave(c);
        monitor_forget(monitor, &c->watch);
        int times = c->told;
        assert_in_range(times, 0, 1);
        assert_int_equal(close(c->ours), 0);
        memset(c, 0xFF, sizeof *c); /* it is freed now */
    }
}

TEST(many_are_told_once_each) {
    for (size_t i = 0; i < CLIENTS - 1; i++)
        watch(open_connection(i));
    for (size_t i = 0; i < CLIENTS - 1; i += 2)
        leave(&connections[i]);
    for (size_t i = 0; i < CLIENTS - 1; i += 2)
        thread_wait(&told);
    pass_through();
    for (size_t i = 0; i < CLIENTS - 1; i++) {
        assert_int_equal(connections[i].told, i % 2 == 0);
        close_connection(&connections[i]);
    }
}

/* ---- what the system refuses ---- */

static void create_one(void) {
    struct monitor *m = NULL;
    enum err err = monitor_create(&m);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(m != NULL, err == ERR_NONE);
    monitor_destroy(m);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(create_one);
}

TEST(missing_thread_is_told) {
    struct monitor *m = NULL;
    unit_thread_one_of(0);
    assert_int_equal(monitor_create(&m), ERR_THREAD);
    assert_null(m);
    unit_thread_one_of(1);
}

/* The descriptor that would be given next. */
static int next_descriptor(void) {
    int fd = dup(STDERR_FILENO);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

TEST(missing_descriptors_are_told_and_none_stays_open) {
    struct rlimit before, limit;
    int next = next_descriptor();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int spare = 0; spare < 2; spare++) {
        struct monitor *m = NULL;
        limit = before;
        limit.rlim_cur = (rlim_t)(next + spare);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        enum err err = monitor_create(&m);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(err, ERR_IO);
        assert_null(m);
        assert_int_equal(next_descriptor(), next);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroying_none_does_no_harm),
        cmocka_unit_test_setup_teardown(client_that_leaves_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(client_that_has_left_before_is_told_at_once, begin, end),
        cmocka_unit_test_setup_teardown(client_that_sends_no_more_counts_as_gone, begin, end),
        cmocka_unit_test_setup_teardown(client_that_stays_is_not_told, begin, end),
        cmocka_unit_test_setup_teardown(forgotten_client_is_not_told, begin, end),
        cmocka_unit_test_setup_teardown(forgetting_what_is_not_watched_does_no_harm, begin, end),
        cmocka_unit_test_setup_teardown(connection_can_be_watched_again, begin, end),
        cmocka_unit_test_setup_teardown(forgotten_watch_is_not_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(descriptor_that_cannot_be_watched_is_never_told, begin, end),
        cmocka_unit_test_setup_teardown(forgetting_waits_for_the_call_that_runs, begin, end),
        cmocka_unit_test_setup_teardown(forgetting_another_does_not_wait, begin, end),
        cmocka_unit_test_setup_teardown(clients_may_leave_while_they_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(many_are_told_once_each, begin, end),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(missing_thread_is_told),
        cmocka_unit_test(missing_descriptors_are_told_and_none_stays_open),
    };
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
