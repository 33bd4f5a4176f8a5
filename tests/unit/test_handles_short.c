/* Handles when file descriptors run out. */
#include "base/clock.h"
#include "base/thread.h"
#include "pool/handles.h"
#include "unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LONG_MS = 60 * 1000, MAX_IDLE = 8 };

static struct timers *timers;
static struct handles *handles;
static atomic_bool files_left;
static atomic_int told;
static sem_t asked; /* posted each time it was asked in vain whether descriptors are left */

bool __wrap_files_are_left(int count);

bool __wrap_files_are_left(int count) {
    (void)count;
    if (files_left)
        return true;
    sem_post(&asked);
    return false;
}

static enum err configure(CURL *easy, void *arg) {
    (void)easy, (void)arg;
    return ERR_NONE;
}

static void no_file(size_t in_use, void *arg) {
    (void)in_use, (void)arg;
    told++;
}

static int begin(void **state) {
    (void)state;
    files_left = true;
    told = 0;
    sem_init(&asked, 0, 0);
    assert_int_equal(timers_create(&timers), ERR_NONE);
    const struct handles_options options = {
        .max_idle = MAX_IDLE,
        .max_all = MAX_IDLE + 2,
        .idle_timeout_ms = LONG_MS,
        .timers = timers,
        .configure = configure,
        .no_file = no_file,
    };
    return handles_create(&options, &handles) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    handles_destroy(handles);
    timers_destroy(timers);
    sem_destroy(&asked);
    return 0;
}

static struct handles_stats stats(void) {
    struct handles_stats now;
    handles_read_stats(handles, &now);
    return now;
}

static struct handle *take(const char *origin) {
    struct handle *handle = NULL;
    assert_int_equal(handles_take(handles, origin, CLOCK_NEVER, &handle), ERR_NONE);
    return handle;
}

static void fill(struct handle **ret_handles, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char origin[32];
        (void)snprintf(origin, sizeof origin, "http://h%d:80", (int)i);
        ret_handles[i] = take(origin);
    }
    for (size_t i = 0; i < count; i++)
        handles_put(handles, ret_handles[i]);
}

TEST(coldest_quarter_makes_room) {
    struct handle *idle[MAX_IDLE];
    fill(idle, MAX_IDLE);
    handles_make_room(handles);
    assert_int_equal(stats().idle, 6);
    assert_int_equal(stats().closed_cold, 2);
    for (size_t i = 2; i < MAX_IDLE; i++)
        handles_put(handles, take(idle[i]->origin));
    assert_int_equal(stats().idle, 6);
    for (int i = 0; i < 10; i++)
        handles_make_room(handles);
    assert_int_equal(stats().idle, 0);
    assert_int_equal(stats().closed_cold, MAX_IDLE);
}

TEST(idle_ones_give_way_to_new_ones) {
    struct handle *idle[MAX_IDLE], *used[4];
    fill(idle, MAX_IDLE);
    for (int i = 0; i < 4; i++)
        used[i] = take("http://a:80");
    assert_int_equal(stats().idle, MAX_IDLE - 2);
    assert_int_equal(stats().in_use, 4);
    for (int i = 0; i < 4; i++)
        handles_put(handles, used[i]);
    assert_int_equal(stats().idle, MAX_IDLE);
    assert_int_equal(stats().closed_cold, 4);
}

TEST(shortage_is_told_once) {
    for (int i = 0; i < 5; i++)
        handles_make_room(handles);
    assert_int_equal(told, 1);
}

TEST(handle_that_starved_is_closed_and_its_shortage_told) {
    struct handle *handle = take("http://a:80");
    handle->starved = true;
    handles_put(handles, handle);
    assert_int_equal(stats().idle, 0);
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(told, 1);
}

TEST(warm_handle_needs_no_descriptor) {
    handles_put(handles, take("http://a:80"));
    files_left = false;
    handles_put(handles, take("http://a:80"));
    assert_int_equal(told, 0);
    assert_int_equal(stats().idle, 1);
}

TEST(as_many_idle_ones_are_closed_as_it_takes) {
    struct handle *idle[MAX_IDLE], *none = NULL;
    fill(idle, MAX_IDLE);
    files_left = false;
    assert_int_equal(handles_take(handles, "http://a:80", clock_now_ms(), &none), ERR_LIMIT);
    assert_int_equal(stats().idle, 0);
    assert_int_equal(told, 1);
}

TEST(wait_for_a_descriptor_ends_with_its_time) {
    struct handle *none = NULL;
    files_left = false;
    assert_int_equal(handles_take(handles, "http://a:80", clock_now_ms() - 1, &none), ERR_LIMIT);
    int64_t until_ms = clock_now_ms() + 5;
    assert_int_equal(handles_take(handles, "http://a:80", until_ms, &none), ERR_LIMIT);
    assert_true(clock_now_ms() >= until_ms);
    assert_null(none);
    assert_int_equal(stats().in_use, 0);
}

struct call {
    const char *origin;
    struct handle *handle;
    enum err err;
    pthread_t thread;
};

static void *run_call(void *arg) {
    struct call *call = arg;
    call->err = handles_take(handles, call->origin, CLOCK_NEVER, &call->handle);
    return NULL;
}

static void start_call(struct call *call, const char *origin) {
    *call = (struct call){.origin = origin};
    assert_int_equal(thread_start("fp-call", run_call, call, true, &call->thread), ERR_NONE);
}

static void join_call(struct call *call, enum err err) {
    assert_int_equal(pthread_join(call->thread, NULL), 0);
    assert_int_equal(call->err, err);
}

/* Who asks in vain a second time stands in line: the first time was before. */
static void wait_until_in_line(void) {
    thread_wait(&asked);
    thread_wait(&asked);
}

TEST(handle_of_the_same_origin_goes_from_hand_to_hand) {
    struct call call;
    struct handle *used = take("http://a:80");
    files_left = false;
    start_call(&call, "http://a:80");
    wait_until_in_line();
    handles_put(handles, used);
    join_call(&call, ERR_NONE);
    assert_ptr_equal(call.handle, used);
    assert_int_equal(stats().in_use, 1);
    handles_put(handles, used);
    assert_int_equal(stats().idle, 1);
}

TEST(handle_of_another_origin_is_closed_for_who_waits) {
    struct call call;
    struct handle *used = take("http://a:80");
    files_left = false;
    start_call(&call, "http://b:80");
    wait_until_in_line();
    handles_put(handles, used);
    join_call(&call, ERR_NONE);
    assert_string_equal(call.handle->origin, "http://b:80");
    assert_int_equal(stats().idle, 0);
    assert_int_equal(stats().in_use, 1);
    handles_put(handles, call.handle);
}

TEST(who_came_later_waits_behind) {
    struct call first, second;
    struct handle *used = take("http://a:80");
    files_left = false;
    start_call(&first, "http://b:80");
    wait_until_in_line();
    start_call(&second, "http://b:80");
    wait_until_in_line();
    handles_put(handles, used);
    join_call(&first, ERR_NONE);
    assert_null(second.handle);
    handles_put(handles, first.handle);
    join_call(&second, ERR_NONE);
    assert_ptr_equal(second.handle, first.handle);
    handles_put(handles, second.handle);
}

TEST(descriptors_that_come_back_elsewhere_are_noticed) {
    struct call call;
    files_left = false;
    start_call(&call, "http://a:80");
    wait_until_in_line();
    files_left = true;
    join_call(&call, ERR_NONE);
    handles_put(handles, call.handle);
}

TEST(signal_ends_the_wait) {
    struct call call;
    files_left = false;
    start_call(&call, "http://a:80");
    wait_until_in_line();
    while (pthread_tryjoin_np(call.thread, NULL) != 0) {
        thread_interrupt(call.thread);
        (void)sched_yield(); /* a signal that comes too early is lost */
    }
    assert_int_equal(call.err, ERR_CLOSED);
    assert_int_equal(stats().in_use, 0);
}

TEST(what_the_owners_note_adds_up) {
    struct handle *a = take("http://a:80"), *b = take("http://b:80");
    assert_int_equal(stats().in_use, 2);
    a->opened = 2;
    b->reused = 1;
    handles_put(handles, a);
    handles_put(handles, b);
    handles_put(handles, take("http://a:80"));
    assert_int_equal(stats().opened, 2);
    assert_int_equal(stats().reused, 1);
    assert_int_equal(stats().in_use, 0);
}

#define SHORT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SHORT_TEST(coldest_quarter_makes_room),
        SHORT_TEST(idle_ones_give_way_to_new_ones),
        SHORT_TEST(shortage_is_told_once),
        SHORT_TEST(handle_that_starved_is_closed_and_its_shortage_told),
        SHORT_TEST(warm_handle_needs_no_descriptor),
        SHORT_TEST(as_many_idle_ones_are_closed_as_it_takes),
        SHORT_TEST(wait_for_a_descriptor_ends_with_its_time),
        SHORT_TEST(handle_of_the_same_origin_goes_from_hand_to_hand),
        SHORT_TEST(handle_of_another_origin_is_closed_for_who_waits),
        SHORT_TEST(who_came_later_waits_behind),
        SHORT_TEST(descriptors_that_come_back_elsewhere_are_noticed),
        SHORT_TEST(signal_ends_the_wait),
        SHORT_TEST(what_the_owners_note_adds_up),
    };
    thread_init_signals();
    return cmocka_run_group_tests_name("handles_short", tests, NULL, NULL);
}
