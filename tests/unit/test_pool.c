#include "pool/pool.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_state.h"
#include "unit.h"
#include "unit_batch.h"
#include "unit_thread.h"

#include <string.h>

enum { MAX_WAITING = 100, LONG_MS = 60 * 1000, ORDER = 64 };

static struct unit_pool pool;
static int order[ORDER];
static atomic_int ordered;

static int begin_with(size_t workers) {
    ordered = 0;
    unit_thread_reset();
    unit_pool_create(&pool, workers, MAX_WAITING, LONG_MS);
    return 0;
}

static int begin_one(void **state) {
    (void)state;
    return begin_with(1);
}

static int begin_many(void **state) {
    (void)state;
    return begin_with(16);
}

static int end(void **state) {
    (void)state;
    unit_thread_one_of(1);
    unit_pool_destroy(&pool);
    return 0;
}

/* `arg` is the number of the batch's first item. */
static void note_order(struct unit_batch *b, size_t index) {
    const int *first = b->arg;
    order[ordered++] = (first ? *first : 0) + (int)index;
}

static void wait_n(sem_t *sem, size_t n) {
    for (size_t i = 0; i < n; i++)
        thread_wait(sem);
}

static void post_n(sem_t *sem, size_t n) {
    for (size_t i = 0; i < n; i++)
        sem_post(sem);
}

/* Keeps one worker busy until let_go. */
static void occupy(struct unit_batch *b) {
    unit_batch_init(b, 1, 1);
    b->on_run = unit_batch_wait_go;
    unit_batch_submit(b, &pool);
    thread_wait(&b->started);
}

static void let_go(struct unit_batch *b) {
    sem_post(&b->go);
    unit_batch_end(b);
}

TEST(destroying_none_does_no_harm) {
    pool_destroy(NULL);
}

TEST(create_without_memory_fails) {
    const struct pool_options options = {.max_workers = 1, .max_waiting = 1, .hosts = {.host_max_concurrent = 1}};
    struct pool *none = NULL;
    unit_fail_allocation(1);
    enum err err = pool_create(&options, &none);
    unit_fail_allocation(0);
    assert_int_equal(err, ERR_NOMEM);
    assert_null(none);
}

TEST(items_of_one_at_a_time_run_in_their_order) {
    struct unit_batch b;
    unit_batch_init(&b, ORDER, 1);
    b.on_run = note_order;
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_int_equal(b.most_running, 1);
    assert_int_equal(ordered, ORDER);
    for (int i = 0; i < ORDER; i++)
        assert_int_equal(order[i], i);
}

TEST(as_many_as_allowed_run_at_once_and_no_more) {
    for (size_t most = 1; most <= 9; most += 4) {
        struct unit_batch b;
        unit_batch_init(&b, 40, most);
        b.on_run = unit_batch_wait_go;
        unit_batch_submit(&b, &pool);
        wait_n(&b.started, most);
        assert_int_equal(unit_pool_stats(&pool).running, most);
        assert_int_equal(unit_pool_stats(&pool).waiting, 40 - most);
        for (size_t i = most; i < 40; i++) {
            sem_post(&b.go);
            thread_wait(&b.started);
        }
        post_n(&b.go, most);
        unit_batch_end(&b);
        assert_int_equal(b.most_running, most);
        assert_int_equal(unit_pool_stats(&pool).waiting, 0);
    }
}

TEST(batches_take_turns) {
    static const int expected[] = {0, 10, 1, 11, 2, 12};
    int ten = 10;
    struct unit_batch gate, a, b;
    occupy(&gate);
    unit_batch_init(&a, 3, 3);
    unit_batch_init(&b, 3, 3);
    a.on_run = b.on_run = note_order;
    b.arg = &ten;
    unit_batch_submit(&a, &pool);
    unit_batch_submit(&b, &pool);
    let_go(&gate);
    unit_batch_end(&a);
    unit_batch_end(&b);
    assert_memory_equal(order, expected, sizeof expected);
}

TEST(batch_knows_when_it_was_submitted) {
    struct unit_batch b;
    unit_batch_init(&b, 1, 1);
    int64_t before_us = clock_now_us();
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_in_range(b.batch.submitted_at_us, before_us, clock_now_us());
}

TEST(empty_batch_is_done_before_submit_returns) {
    struct unit_batch b;
    unit_batch_init(&b, 0, 1);
    unit_batch_submit(&b, &pool);
    assert_int_equal(b.done_calls, 1);
    unit_batch_end(&b);
    unit_batch_init_until(&b, 0, 1, clock_now_ms() - 1);
    unit_batch_submit(&b, &pool);
    assert_int_equal(b.done_calls, 1);
    unit_batch_end(&b);
    assert_int_equal(unit_pool_stats(&pool).workers, 0);
}

TEST(empty_batch_takes_no_worker_away) {
    struct unit_batch waiting, empty;
    unit_batch_init(&waiting, 2, 1);
    unit_batch_init(&empty, 0, 1);
    unit_thread_one_of(0);
    unit_batch_submit(&waiting, &pool);
    unit_batch_submit(&empty, &pool);
    unit_batch_end(&empty);
    assert_int_equal(unit_pool_stats(&pool).workers, 0);
    unit_thread_one_of(1);
    unit_batch_end(&waiting);
}

TEST(full_queue_refuses_and_takes_nothing) {
    struct unit_batch gate, half, rest;
    occupy(&gate);
    unit_batch_init(&half, MAX_WAITING / 2, 1);
    unit_batch_init(&rest, MAX_WAITING / 2 + 1, 1);
    unit_batch_submit(&half, &pool);
    assert_int_equal(pool_submit(pool.pool, &rest.batch), ERR_FULL);
    assert_int_equal(unit_pool_stats(&pool).waiting, MAX_WAITING / 2);
    assert_int_equal(unit_batch_count_run(&rest) + unit_batch_count_skipped(&rest) + rest.done_calls, 0);
    let_go(&gate);
    unit_batch_end(&half);
    unit_batch_submit(&rest, &pool);
    unit_batch_end(&rest);
}

TEST(queue_is_filled_to_the_last_place) {
    struct unit_batch gate, all, one;
    occupy(&gate);
    unit_batch_init(&all, MAX_WAITING, 1);
    unit_batch_init(&one, 1, 1);
    unit_batch_submit(&all, &pool);
    assert_int_equal(unit_pool_stats(&pool).waiting, unit_pool_stats(&pool).max_waiting);
    assert_int_equal(pool_submit(pool.pool, &one.batch), ERR_FULL);
    unit_batch_fini(&one);
    unit_batch_init(&one, 0, 1);
    unit_batch_submit(&one, &pool);
    unit_batch_end(&one);
    let_go(&gate);
    unit_batch_end(&all);
}

TEST(batch_larger_than_the_queue_is_refused) {
    struct unit_batch b;
    unit_batch_init(&b, MAX_WAITING + 1, 1);
    assert_int_equal(pool_submit(pool.pool, &b.batch), ERR_LIMIT);
    unit_batch_fini(&b);
}

TEST(closed_pool_refuses_but_finishes_what_it_has) {
    struct unit_batch gate, late, empty;
    occupy(&gate);
    unit_batch_init(&late, 1, 1);
    unit_batch_init(&empty, 0, 1);
    pool_close(pool.pool);
    assert_int_equal(pool_submit(pool.pool, &late.batch), ERR_CLOSED);
    assert_int_equal(pool_submit(pool.pool, &empty.batch), ERR_CLOSED);
    assert_int_equal(late.done_calls + empty.done_calls, 0);
    unit_batch_fini(&late);
    unit_batch_fini(&empty);
    let_go(&gate);
}

/* The other batch is behind the held one in the ring, so when it is done the held one was passed over. */
TEST(held_batch_starts_nothing_until_it_is_released) {
    struct unit_batch held, other;
    unit_batch_init(&held, 3, 1);
    held.on_run = unit_batch_wait_go;
    unit_batch_submit(&held, &pool);
    thread_wait(&held.started);
    pool_hold(&held.batch, SCHED_NO_ITEM);
    unit_batch_init(&other, 1, 1);
    unit_batch_submit(&other, &pool);
    sem_post(&held.go);
    unit_batch_end(&other);
    assert_int_equal(unit_batch_count_run(&held), 1);
    assert_int_equal(unit_pool_stats(&pool).waiting, 2);
    pool_release(&held.batch);
    pool_release(&held.batch);
    post_n(&held.go, 2);
    unit_batch_end(&held);
}

static void hold_itself(struct unit_batch *b, size_t index) {
    (void)index;
    pool_hold(&b->batch, SCHED_NO_ITEM);
    sem_post(&b->go);
}

TEST(batch_may_hold_itself_from_within_an_item) {
    struct unit_batch b;
    unit_batch_init(&b, 20, 4);
    b.on_run = hold_itself;
    unit_batch_submit(&b, &pool);
    for (int i = 0; i < 20; i++) {
        thread_wait(&b.go);
        pool_release(&b.batch);
    }
    unit_batch_end(&b);
}

TEST(held_batch_can_be_cancelled) {
    struct unit_batch gate, b;
    occupy(&gate);
    unit_batch_init(&b, 5, 1);
    unit_batch_submit(&b, &pool);
    pool_hold(&b.batch, SCHED_NO_ITEM);
    pool_cancel(&b.batch, FETCH_CANCELLED);
    assert_int_equal(unit_batch_count_skipped(&b), 5);
    pool_release(&b.batch);
    unit_batch_end(&b);
    let_go(&gate);
}

TEST(cancel_all_ends_every_batch) {
    enum { BATCHES = 20 };
    struct unit_batch batches[BATCHES];
    for (size_t i = 0; i < BATCHES; i++) {
        unit_batch_init(&batches[i], 1 + i % 4, 2);
        batches[i].on_run = unit_batch_wait_cancel;
        unit_batch_submit(&batches[i], &pool);
    }
    thread_wait(&batches[0].started);
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    for (size_t i = 0; i < BATCHES; i++)
        unit_batch_end(&batches[i]);
    assert_int_equal(batches[BATCHES - 1].reason, FETCH_SHUTDOWN);
    assert_int_equal(unit_pool_stats(&pool).waiting + unit_pool_stats(&pool).running, 0);
}

static atomic_bool done_returned;

static void outlast_the_stop(struct unit_batch *b) {
    bool stopping = false;
    (void)b;
    while (!stopping) {
        pthread_mutex_lock(&pool.pool->lock);
        stopping = pool.pool->stopping;
        pthread_mutex_unlock(&pool.pool->lock);
        sched_yield();
    }
    done_returned = true;
}

static void *cancel_held(void *arg) {
    struct unit_batch *b = arg;
    pool_cancel(&b->batch, FETCH_CANCELLED);
    return NULL;
}

TEST(destroy_waits_until_done_has_returned_in_other_threads) {
    struct unit_batch gate, b;
    pthread_t thread;
    occupy(&gate);
    done_returned = false;
    unit_batch_init(&b, 3, 1);
    b.on_done = outlast_the_stop;
    unit_batch_submit(&b, &pool);
    assert_int_equal(thread_start("fp-cancel", cancel_held, &b, false, &thread), ERR_NONE);
    unit_batch_end(&b);
    let_go(&gate);
    unit_pool_destroy(&pool);
    assert_true(done_returned);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)begin_with(1); /* for the teardown */
}

#define POOL_TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroying_none_does_no_harm),
        cmocka_unit_test(create_without_memory_fails),
        POOL_TEST(items_of_one_at_a_time_run_in_their_order, begin_many),
        POOL_TEST(as_many_as_allowed_run_at_once_and_no_more, begin_many),
        POOL_TEST(batches_take_turns, begin_one),
        POOL_TEST(batch_knows_when_it_was_submitted, begin_one),
        POOL_TEST(empty_batch_is_done_before_submit_returns, begin_one),
        POOL_TEST(empty_batch_takes_no_worker_away, begin_one),
        POOL_TEST(full_queue_refuses_and_takes_nothing, begin_one),
        POOL_TEST(queue_is_filled_to_the_last_place, begin_one),
        POOL_TEST(batch_larger_than_the_queue_is_refused, begin_one),
        POOL_TEST(closed_pool_refuses_but_finishes_what_it_has, begin_one),
        POOL_TEST(held_batch_starts_nothing_until_it_is_released, begin_one),
        POOL_TEST(batch_may_hold_itself_from_within_an_item, begin_many),
        POOL_TEST(held_batch_can_be_cancelled, begin_one),
        POOL_TEST(cancel_all_ends_every_batch, begin_many),
        POOL_TEST(destroy_waits_until_done_has_returned_in_other_threads, begin_one),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
