#include "base/thread.h"

#include "base/clock.h"
#include "unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

struct shared {
    sem_t started;
    sem_t go;
    sigset_t mask;
    char name[16];
    enum err waited;
    atomic_bool noticed;
};

static void init(struct shared *s) {
    memset(s, 0, sizeof *s);
    assert_int_equal(sem_init(&s->started, 0, 0), 0);
    assert_int_equal(sem_init(&s->go, 0, 0), 0);
}

static void fini(struct shared *s) {
    sem_destroy(&s->started);
    sem_destroy(&s->go);
}

static void *tell_about_itself(void *arg) {
    struct shared *s = arg;
    thread_wait(&s->go); /* the name is set after the start */
    (void)pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
    (void)pthread_getname_np(pthread_self(), s->name, sizeof s->name);
    return s;
}

static void run_thread(struct shared *s, const char *name, bool interruptible) {
    pthread_t thread;
    void *result;
    assert_int_equal(thread_start(name, tell_about_itself, s, interruptible, &thread), ERR_NONE);
    sem_post(&s->go);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, s);
}

TEST(thread_has_its_name_and_blocks_all_signals) {
    struct shared s;
    init(&s);
    run_thread(&s, "fp-test", false);
    assert_string_equal(s.name, "fp-test");
    assert_true(sigismember(&s.mask, SIGTERM));
    assert_true(sigismember(&s.mask, SIGPIPE));
    assert_true(sigismember(&s.mask, THREAD_SIGNAL_INTERRUPT));
    fini(&s);
}

TEST(interruptible_thread_takes_one_signal_only) {
    struct shared s;
    init(&s);
    run_thread(&s, "fp-test", true);
    assert_true(sigismember(&s.mask, SIGTERM));
    assert_false(sigismember(&s.mask, THREAD_SIGNAL_INTERRUPT));
    fini(&s);
}

TEST(starting_a_thread_leaves_the_own_mask) {
    sigset_t before, after;
    struct shared s;
    init(&s);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    run_thread(&s, "fp-test", false);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signo = 1; signo < SIGRTMIN; signo++)
        assert_int_equal(sigismember(&before, signo), sigismember(&after, signo));
    fini(&s);
}

TEST(wait_until_a_time_gone_by_does_not_wait) {
    sem_t sem;
    assert_int_equal(sem_init(&sem, 0, 1), 0);
    assert_true(thread_wait_until(&sem, clock_now_ms() - 1000));
    assert_false(thread_wait_until(&sem, clock_now_ms() - 1000));
    assert_false(thread_wait_until(&sem, 0));
    assert_int_equal(thread_wait_interruptible(&sem, 0), ERR_LIMIT);
    sem_destroy(&sem);
}

TEST(wait_until_returns_when_the_time_comes) {
    sem_t sem;
    assert_int_equal(sem_init(&sem, 0, 0), 0);
    int64_t until = clock_now_ms() + 5;
    assert_false(thread_wait_until(&sem, until));
    assert_true(clock_now_ms() >= until);
    sem_destroy(&sem);
}

static void *wait_interruptible(void *arg) {
    struct shared *s = arg;
    sem_post(&s->started);
    s->waited = thread_wait_interruptible(&s->go, CLOCK_NEVER);
    sem_post(&s->started);
    return NULL;
}

TEST(signal_ends_an_interruptible_wait) {
    struct shared s;
    pthread_t thread;
    init(&s);
    thread_init_signals();
    assert_int_equal(thread_start("fp-test", wait_interruptible, &s, true, &thread), ERR_NONE);
    thread_wait(&s.started);
    do /* a signal just before the wait is lost; signals without a pause would leave the thread no time */
        thread_interrupt(thread);
    while (!thread_wait_until(&s.started, clock_now_ms() + 10));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s.waited, ERR_CLOSED);
    fini(&s);
}

static void *wait_through_signals(void *arg) {
    struct shared *s = arg;
    sem_post(&s->started);
    thread_wait(&s->go);
    bool taken = thread_wait_until(&s->go, CLOCK_NEVER);
    s->noticed = taken;
    return NULL;
}

TEST(other_waits_go_on_after_a_signal) {
    struct shared s;
    pthread_t thread;
    init(&s);
    thread_init_signals();
    assert_int_equal(thread_start("fp-test", wait_through_signals, &s, true, &thread), ERR_NONE);
    thread_wait(&s.started);
    for (int i = 0; i < 100; i++) {
        thread_interrupt(thread);
        sched_yield();
    }
    sem_post(&s.go);
    for (int i = 0; i < 100; i++) {
        thread_interrupt(thread);
        sched_yield();
    }
    assert_false(s.noticed);
    sem_post(&s.go);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(s.noticed);
    fini(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_has_its_name_and_blocks_all_signals),
        cmocka_unit_test(interruptible_thread_takes_one_signal_only),
        cmocka_unit_test(starting_a_thread_leaves_the_own_mask),
        cmocka_unit_test(wait_until_a_time_gone_by_does_not_wait),
        cmocka_unit_test(wait_until_returns_when_the_time_comes),
        cmocka_unit_test(signal_ends_an_interruptible_wait),
        cmocka_unit_test(other_waits_go_on_after_a_signal),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
