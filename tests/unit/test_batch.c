#include "pool/batch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60 * 1000 };

static struct unit_pool pool;

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, 4, 10000, LONG_MS);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    return 0;
}

static void cancel(struct unit_batch *b) {
    pool_cancel(&b->batch, FETCH_CANCELLED);
}

/* A batch of which `started` items run. */
static void submit_running(struct unit_batch *b, size_t count, size_t started,
                           void (*run)(struct unit_batch *b, size_t index)) {
    unit_batch_init(b, count, started);
    b->on_run = run;
    unit_batch_submit(b, &pool);
    for (size_t i = 0; i < started; i++)
        thread_wait(&b->started);
}

TEST(cancel_before_the_start_skips_all) {
    struct unit_batch busy, b;
    submit_running(&busy, 4, 4, unit_batch_wait_cancel);
    unit_batch_init(&b, 10, 5);
    unit_batch_submit(&b, &pool);
    pool_cancel(&b.batch, FETCH_SHUTDOWN);
    assert_int_equal(b.done_calls, 1);
    assert_int_equal(unit_batch_count_skipped(&b), 10);
    assert_int_equal(b.reason, FETCH_SHUTDOWN);
    unit_batch_end(&b);
    cancel(&busy);
    unit_batch_end(&busy);
}

TEST(cancel_interrupts_what_runs_and_skips_the_rest) {
    struct unit_batch b;
    submit_running(&b, 10, 3, unit_batch_wait_cancel);
    cancel(&b);
    unit_batch_end(&b);
    assert_int_equal(unit_batch_count_run(&b), 3);
    assert_int_equal(unit_batch_count_skipped(&b), 7);
    assert_int_equal(b.reason, FETCH_CANCELLED);
    assert_int_equal(b.batch.cancelled, FETCH_CANCELLED);
}

static void wait_for_signal(struct unit_batch *b, size_t index) {
    (void)index;
    assert_int_equal(thread_wait_interruptible(&b->go, CLOCK_NEVER), ERR_CLOSED);
}

/* One that comes before the wait is lost; one upon the other would leave the waiting no time to end. */
TEST(what_runs_can_be_interrupted_and_is_not_cancelled) {
    struct unit_batch a, b;
    sem_t never;
    sem_init(&never, 0, 0);
    submit_running(&a, 2, 2, wait_for_signal);
    submit_running(&b, 1, 1, wait_for_signal);
    do
        pool_interrupt(pool.pool);
    while (!thread_wait_until(&never, clock_after_ms(1)) && (a.done_calls == 0 || b.done_calls == 0));
    sem_destroy(&never);
    unit_batch_end(&a);
    unit_batch_end(&b);
    assert_int_equal(unit_batch_count_run(&a), 2);
    assert_int_equal(unit_batch_count_run(&b), 1);
    assert_int_equal(a.batch.cancelled, FETCH_OK);
}

TEST(cancelled_batch_is_not_done_before_what_runs_has_ended) {
    struct unit_batch b;
    submit_running(&b, 2, 1, unit_batch_wait_go);
    cancel(&b);
    assert_int_equal(unit_batch_count_skipped(&b), 1);
    assert_int_equal(b.done_calls, 0);
    sem_post(&b.go);
    unit_batch_end(&b);
}

/* Deaf to the first signals, then waits for one without looking at the flag. */
static void miss_signals(struct unit_batch *b, size_t index) {
    sem_t never;
    (void)index;
    sem_init(&never, 0, 0);
    thread_wait(&b->go);
    while (thread_wait_interruptible(&never, CLOCK_NEVER) != ERR_CLOSED)
        continue;
    sem_destroy(&never);
}

TEST(signal_that_was_missed_is_repeated) {
    struct unit_batch b;
    submit_running(&b, 2, 2, miss_signals);
    cancel(&b);
    sem_post(&b.go);
    sem_post(&b.go);
    unit_batch_end(&b);
}

TEST(first_reason_stays) {
    struct unit_batch b;
    submit_running(&b, 3, 1, unit_batch_wait_go);
    pool_cancel(&b.batch, FETCH_DEADLINE);
    pool_cancel(&b.batch, FETCH_CANCELLED);
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    assert_int_equal(b.batch.cancelled, FETCH_DEADLINE);
    sem_post(&b.go);
    unit_batch_end(&b);
    assert_int_equal(b.reason, FETCH_DEADLINE);
}

TEST(batch_that_is_done_is_left_alone) {
    struct unit_batch b;
    unit_batch_init(&b, 1, 1);
    unit_batch_submit(&b, &pool);
    thread_wait(&b.done);
    cancel(&b);
    pool_hold(&b.batch, SCHED_NO_ITEM);
    pool_release(&b.batch);
    assert_int_equal(b.batch.cancelled, FETCH_OK);
    sem_post(&b.done);
    unit_batch_end(&b);
}

static void cancel_itself(struct unit_batch *b, size_t index) {
    (void)index;
    cancel(b);
}

TEST(item_may_cancel_its_batch) {
    for (size_t at_once = 1; at_once <= 4; at_once++) {
        struct unit_batch b;
        unit_batch_init(&b, 20, at_once);
        b.on_run = cancel_itself;
        unit_batch_submit(&b, &pool);
        unit_batch_end(&b);
        assert_in_range(unit_batch_count_run(&b), 1, at_once);
    }
}

TEST(skipped_item_may_cancel_its_batch) {
    struct unit_batch b;
    submit_running(&b, 10, 1, unit_batch_wait_cancel);
    b.on_skip = cancel_itself;
    cancel(&b);
    unit_batch_end(&b);
}

static void *cancel_in_thread(void *arg) {
    cancel(arg);
    return NULL;
}

TEST(many_may_cancel_at_once) {
    enum { CANCELLERS = 8, ROUNDS = 20 };
    for (int round = 0; round < ROUNDS; round++) {
        struct unit_batch b;
        pthread_t threads[CANCELLERS];
        submit_running(&b, 30, 2, unit_batch_wait_cancel);
        for (int i = 0; i < CANCELLERS; i++)
            assert_int_equal(thread_start("fp-cancel", cancel_in_thread, &b, false, &threads[i]), ERR_NONE);
        for (int i = 0; i < CANCELLERS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        unit_batch_end(&b);
        assert_int_equal(unit_batch_count_skipped(&b), 28);
    }
}

TEST(deadline_ends_what_runs_and_what_waits) {
    struct unit_batch b;
    int64_t deadline_ms = clock_now_ms() + 3;
    unit_batch_init_until(&b, 10, 2, deadline_ms);
    b.on_run = unit_batch_wait_cancel;
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_true(clock_now_ms() >= deadline_ms);
    assert_int_equal(b.batch.cancelled, FETCH_DEADLINE);
    assert_int_equal(b.reason, FETCH_DEADLINE);
    assert_true(unit_batch_count_skipped(&b) >= 8);
}

TEST(deadline_gone_by_ends_the_batch_at_once) {
    struct unit_batch b;
    unit_batch_init_until(&b, 100, 4, clock_now_ms() - 1000);
    b.on_run = unit_batch_wait_cancel;
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_int_equal(b.batch.cancelled, FETCH_DEADLINE);
}

/* The memory of each batch is used for the next one: a deadline called too late would hit the wrong one. */
TEST(batch_that_is_done_has_no_deadline_any_more) {
    enum { ROUNDS = 300 };
    for (int round = 0; round < ROUNDS; round++) {
        struct unit_batch b;
        unit_batch_init_until(&b, 4, 2, clock_now_ms() + round % 2);
        unit_batch_submit(&b, &pool);
        unit_batch_end(&b);
        assert_true(b.batch.cancelled == FETCH_OK || b.batch.cancelled == FETCH_DEADLINE);
        unit_batch_init_until(&b, 1, 1, clock_now_ms() + LONG_MS);
        unit_batch_submit(&b, &pool);
        unit_batch_end(&b);
        assert_int_equal(b.batch.cancelled, FETCH_OK);
    }
}

static void post(void *arg) {
    sem_post(arg);
}

/* Whatever was set for a time before has been called when this returns. */
static void wait_for_timers(int64_t due_ms) {
    struct timer_event later;
    sem_t called;
    sem_init(&called, 0, 0);
    timer_event_init(&later, post, &called);
    timers_set(pool.timers, &later, due_ms);
    thread_wait(&called);
    sem_destroy(&called);
}

static void wait_for_post(void *arg) {
    thread_wait(arg);
}

/* The timers' thread is held up until the batch is gone, so that its deadline cannot come before its start. */
TEST(batch_that_is_done_is_not_touched_any_more) {
    struct unit_batch *b = malloc(sizeof *b);
    struct timer_event hold_up;
    sem_t go_on;
    assert_non_null(b);
    sem_init(&go_on, 0, 0);
    timer_event_init(&hold_up, wait_for_post, &go_on);
    timers_set(pool.timers, &hold_up, 0);
    int64_t deadline_ms = clock_now_ms() + 15;
    unit_batch_init_until(b, 3, 1, deadline_ms);
    b->on_run = unit_batch_wait_cancel;
    unit_batch_submit(b, &pool);
    thread_wait(&b->started);
    cancel(b); /* the signals are to be repeated after 10 ms */
    unit_batch_end(b);
    explicit_bzero(b, sizeof *b); /* a memset before free is left out by the compiler */
    free(b);
    sem_post(&go_on);
    wait_for_timers(deadline_ms + 5);
    timers_cancel(pool.timers, &hold_up);
    sem_destroy(&go_on);
}

static void wait_for_deadline(struct unit_batch *b, size_t index) {
    sem_t never;
    (void)index;
    sem_init(&never, 0, 0);
    (void)thread_wait_until(&never, b->batch.deadline_ms);
    sem_destroy(&never);
}

/* A fetch knows when the deadline is, and may end of it before the timers' thread has come to it. */
TEST(batch_that_ends_at_its_deadline_has_reached_it) {
    struct unit_batch b;
    struct timer_event hold_up;
    sem_t go_on;
    sem_init(&go_on, 0, 0);
    timer_event_init(&hold_up, wait_for_post, &go_on);
    timers_set(pool.timers, &hold_up, 0);
    unit_batch_init_until(&b, 1, 1, clock_now_ms() + 5);
    b.on_run = wait_for_deadline;
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    sem_post(&go_on);
    timers_cancel(pool.timers, &hold_up);
    sem_destroy(&go_on);
    assert_int_equal(b.batch.cancelled, FETCH_DEADLINE);
}

enum { LARGE_COUNT = 5000 };

/* All but `done` belongs to the timers' thread. */
struct large {
    struct batch batch;
    struct timer_event other;
    size_t skipped;
    size_t skipped_before_other;
    sem_t done;
};

static void run_large(struct batch *b, size_t index, struct sched_again *again, struct batch_next *next) {
    (void)b, (void)index, (void)again, (void)next;
}

static void skip_large(struct batch *b, size_t index, enum fetch_error reason, struct sched_again *again) {
    struct large *l = LIST_ENTRY(b, struct large, batch);
    (void)index, (void)again;
    assert_int_equal(reason, FETCH_DEADLINE);
    if (l->skipped++ == 0)
        timers_set(pool.timers, &l->other, 0);
}

static void large_done(struct batch *b) {
    sem_post(&LIST_ENTRY(b, struct large, batch)->done);
}

static void other_event(void *arg) {
    struct large *l = arg;
    l->skipped_before_other = l->skipped;
}

TEST(deadline_of_a_large_batch_lets_other_events_have_their_turn) {
    static const struct batch_ops ops = {.run = run_large, .skip = skip_large, .done = large_done};
    struct large l = {.skipped = 0};
    sem_init(&l.done, 0, 0);
    timer_event_init(&l.other, other_event, &l);
    batch_init(&l.batch, &ops, LARGE_COUNT, 1, clock_now_ms() - 1);
    l.batch.sched.held = true; /* nothing is started: all is left to the deadline */
    assert_int_equal(pool_submit(pool.pool, &l.batch), ERR_NONE);
    thread_wait(&l.done);
    assert_int_equal(l.skipped, LARGE_COUNT);
    assert_in_range(l.skipped_before_other, 1, LARGE_COUNT - 1);
    batch_fini(&l.batch);
    sem_destroy(&l.done);
}

#define BATCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        BATCH_TEST(cancel_before_the_start_skips_all),
        BATCH_TEST(cancel_interrupts_what_runs_and_skips_the_rest),
        BATCH_TEST(what_runs_can_be_interrupted_and_is_not_cancelled),
        BATCH_TEST(cancelled_batch_is_not_done_before_what_runs_has_ended),
        BATCH_TEST(signal_that_was_missed_is_repeated),
        BATCH_TEST(first_reason_stays),
        BATCH_TEST(batch_that_is_done_is_left_alone),
        BATCH_TEST(item_may_cancel_its_batch),
        BATCH_TEST(skipped_item_may_cancel_its_batch),
        BATCH_TEST(many_may_cancel_at_once),
        BATCH_TEST(deadline_ends_what_runs_and_what_waits),
        BATCH_TEST(deadline_gone_by_ends_the_batch_at_once),
        BATCH_TEST(deadline_of_a_large_batch_lets_other_events_have_their_turn),
        BATCH_TEST(batch_that_is_done_has_no_deadline_any_more),
        BATCH_TEST(batch_that_is_done_is_not_touched_any_more),
        BATCH_TEST(batch_that_ends_at_its_deadline_has_reached_it),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
