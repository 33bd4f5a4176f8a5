#include "base/timers.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FAR_MS = 3600 * 1000, EVENTS = 50 };

static struct timers *timers;
static sem_t called;
static sem_t go;
static sem_t cancelled;
static int order[EVENTS];
static atomic_int calls;

static int begin(void **state) {
    (void)state;
    calls = 0;
    sem_init(&called, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&cancelled, 0, 0);
    return timers_create(&timers) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    timers_destroy(timers);
    sem_destroy(&called);
    sem_destroy(&go);
    sem_destroy(&cancelled);
    return 0;
}

struct numbered {
    struct timer_event event;
    int number;
};

static void note_number(void *arg) {
    const struct numbered *n = arg;
    order[calls++] = n->number;
    sem_post(&called);
}

static void note_call(void *arg) {
    (void)arg;
    calls++;
    sem_post(&called);
}

TEST(destroying_none_does_no_harm) {
    timers_destroy(NULL);
}

TEST(events_come_in_the_order_of_their_times) {
    struct numbered events[EVENTS];
    int64_t first_ms = clock_now_ms() + 3;
    for (int i = 0; i < EVENTS; i++) {
        events[i].number = (i * 7) % EVENTS;
        timer_event_init(&events[i].event, note_number, &events[i]);
        timers_set(timers, &events[i].event, first_ms + events[i].number / 10);
    }
    for (int i = 0; i < EVENTS; i++)
        thread_wait(&called);
    assert_true(clock_now_ms() >= first_ms + (EVENTS - 1) / 10);
    for (int i = 1; i < EVENTS; i++)
        assert_true(order[i - 1] / 10 <= order[i] / 10);
}

TEST(time_gone_by_is_due_at_once) {
    struct timer_event e;
    timer_event_init(&e, note_call, NULL);
    timers_set(timers, &e, 0);
    thread_wait(&called);
    assert_int_equal(calls, 1);
}

TEST(earlier_event_overtakes_a_later_one) {
    struct timer_event far, near;
    timer_event_init(&far, note_call, NULL);
    timer_event_init(&near, note_call, NULL);
    timers_set(timers, &far, clock_now_ms() + FAR_MS);
    timers_set(timers, &near, clock_now_ms() + 1);
    thread_wait(&called);
    assert_int_equal(calls, 1);
    timers_cancel(timers, &far);
}

TEST(event_set_again_is_moved) {
    struct timer_event e, later;
    timer_event_init(&e, note_call, NULL);
    timer_event_init(&later, note_call, NULL);
    int64_t now_ms = clock_now_ms();
    timers_set(timers, &e, now_ms + FAR_MS);
    timers_set(timers, &e, now_ms + 1);
    timers_set(timers, &later, now_ms + 3);
    thread_wait(&called);
    thread_wait(&called);
    assert_int_equal(calls, 2);
}

TEST(cancelled_event_is_not_called) {
    struct timer_event e, later;
    timer_event_init(&e, note_call, NULL);
    timer_event_init(&later, note_call, NULL);
    timers_cancel(timers, &e);
    timers_set(timers, &e, clock_now_ms() + FAR_MS);
    timers_cancel(timers, &e);
    timers_cancel(timers, &e);
    timers_set(timers, &later, clock_now_ms());
    thread_wait(&called);
    assert_int_equal(calls, 1);
}

static void block(void *arg) {
    (void)arg;
    sem_post(&called);
    thread_wait(&go);
    calls++;
}

static void *cancel(void *arg) {
    timers_cancel(timers, arg);
    int at_return = calls;
    sem_post(&cancelled);
    return at_return == 1 ? arg : NULL;
}

TEST(cancel_waits_for_the_function_that_runs) {
    enum { CANCELLERS = 3 };
    struct timer_event e;
    pthread_t threads[CANCELLERS];
    timer_event_init(&e, block, NULL);
    timers_set(timers, &e, 0);
    thread_wait(&called);
    for (int i = 0; i < CANCELLERS; i++)
        assert_int_equal(thread_start("fp-cancel", cancel, &e, false, &threads[i]), ERR_NONE);
    assert_false(thread_wait_until(&cancelled, clock_now_ms() + 3));
    sem_post(&go);
    for (int i = 0; i < CANCELLERS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &e);
    }
}

TEST(cancel_of_another_event_does_not_wait) {
    struct timer_event running, other;
    timer_event_init(&running, block, NULL);
    timer_event_init(&other, note_call, NULL);
    timers_set(timers, &running, 0);
    timers_set(timers, &other, clock_now_ms() + FAR_MS);
    thread_wait(&called);
    timers_cancel(timers, &other);
    assert_int_equal(calls, 0);
    sem_post(&go);
    timers_cancel(timers, &running);
    assert_int_equal(calls, 1);
}

static void set_now(struct timer_event *e) {
    timers_set(timers, e, clock_now_ms());
}

static void set_itself_thrice(void *arg) {
    if (++calls < 3)
        set_now(arg);
    sem_post(&called);
}

TEST(function_may_set_its_own_event) {
    struct timer_event e;
    timer_event_init(&e, set_itself_thrice, &e);
    timers_set(timers, &e, 0);
    for (int i = 0; i < 3; i++)
        thread_wait(&called);
    timers_cancel(timers, &e);
    assert_int_equal(calls, 3);
}

static void cancel_itself(void *arg) {
    calls++;
    set_now(arg);
    timers_cancel(timers, arg);
    sem_post(&called);
}

TEST(function_may_cancel_its_own_event) {
    struct timer_event e, later;
    timer_event_init(&e, cancel_itself, &e);
    timer_event_init(&later, note_call, NULL);
    timers_set(timers, &e, 0);
    thread_wait(&called);
    timers_set(timers, &later, clock_now_ms());
    thread_wait(&called);
    assert_int_equal(calls, 2);
}

static void set_itself_for_ever(void *arg) {
    calls++;
    set_now(arg);
    sem_post(&called);
}

TEST(cancel_ends_an_event_that_sets_itself) {
    struct timer_event e;
    timer_event_init(&e, set_itself_for_ever, &e);
    timers_set(timers, &e, 0);
    thread_wait(&called);
    timers_cancel(timers, &e);
    int at_cancel = calls;
    timers_cancel(timers, &e);
    assert_int_equal(calls, at_cancel);
}

TEST(destroy_forgets_what_is_set) {
    struct timers *own;
    struct timer_event e;
    assert_int_equal(timers_create(&own), ERR_NONE);
    timer_event_init(&e, note_call, NULL);
    timers_set(own, &e, clock_now_ms() + FAR_MS);
    timers_destroy(own);
    assert_int_equal(calls, 0);
}

TEST(create_without_memory_fails) {
    struct timers *none = NULL;
    unit_fail_allocation(1);
    enum err err = timers_create(&none);
    unit_fail_allocation(0);
    assert_int_equal(err, ERR_NOMEM);
    assert_null(none);
}

#define TIMERS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroying_none_does_no_harm),
        TIMERS_TEST(events_come_in_the_order_of_their_times),
        TIMERS_TEST(time_gone_by_is_due_at_once),
        TIMERS_TEST(earlier_event_overtakes_a_later_one),
        TIMERS_TEST(event_set_again_is_moved),
        TIMERS_TEST(cancelled_event_is_not_called),
        TIMERS_TEST(cancel_waits_for_the_function_that_runs),
        TIMERS_TEST(cancel_of_another_event_does_not_wait),
        TIMERS_TEST(function_may_set_its_own_event),
        TIMERS_TEST(function_may_cancel_its_own_event),
        TIMERS_TEST(cancel_ends_an_event_that_sets_itself),
        TIMERS_TEST(destroy_forgets_what_is_set),
        cmocka_unit_test(create_without_memory_fails),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
