#include "pool/worker.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"
#include "unit_thread.h"

enum { LONG_MS = 60 * 1000, PATIENCE_MS = 5, RETRY_MS = 50 };

static struct unit_pool pool;

static int begin_with(size_t workers, int64_t idle_timeout_ms) {
    unit_thread_reset();
    unit_pool_create(&pool, workers, 10000, idle_timeout_ms);
    unit_thread_reset(); /* the timers' thread is not counted */
    return 0;
}

static int begin(void **state) {
    (void)state;
    return begin_with(3, LONG_MS);
}

static int begin_impatient(void **state) {
    (void)state;
    return begin_with(3, PATIENCE_MS);
}

static int end(void **state) {
    (void)state;
    unit_thread_one_of(1);
    unit_pool_destroy(&pool);
    return 0;
}

static void run_batch(size_t count, size_t max_concurrent) {
    struct unit_batch b;
    unit_batch_init(&b, count, max_concurrent);
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
}

static size_t workers(void) {
    return unit_pool_stats(&pool).workers;
}

/* A worker goes to its place shortly after the batch is done. */
static void wait_idle(size_t count) {
    while (unit_pool_idle(&pool) != count)
        sched_yield();
}

/* Has `count` workers at once, and then idle, unless they are impatient. */
static void have_workers(size_t count) {
    struct unit_batch b;
    unit_batch_init(&b, count, count);
    b.on_run = unit_batch_wait_go;
    unit_batch_submit(&b, &pool);
    for (size_t i = 0; i < count; i++)
        thread_wait(&b.started);
    for (size_t i = 0; i < count; i++)
        sem_post(&b.go);
    unit_batch_end(&b);
}

static void make_idle(size_t count) {
    have_workers(count);
    wait_idle(count);
}

TEST(pool_without_work_has_no_workers) {
    assert_int_equal(workers(), 0);
    assert_int_equal(unit_thread_started(), 0);
}

TEST(one_item_starts_one_worker) {
    run_batch(1, 1);
    assert_int_equal(unit_thread_started(), 1);
    assert_int_equal(workers(), 1);
}

TEST(workers_are_as_many_as_there_is_to_do) {
    make_idle(2);
    assert_int_equal(unit_thread_started(), 2);
    make_idle(3);
    assert_int_equal(unit_thread_started(), 3);
}

TEST(workers_are_no_more_than_the_limit) {
    struct unit_batch b;
    unit_batch_init(&b, 30, 20);
    b.on_run = unit_batch_wait_go;
    unit_batch_submit(&b, &pool);
    for (int i = 0; i < 3; i++)
        thread_wait(&b.started);
    assert_int_equal(workers(), 3);
    assert_int_equal(unit_pool_stats(&pool).running, 3);
    assert_int_equal(unit_pool_stats(&pool).waiting, 27);
    for (int i = 0; i < 30; i++)
        sem_post(&b.go);
    unit_batch_end(&b);
    assert_int_equal(b.most_running, 3);
    assert_int_equal(unit_thread_started(), 3);
}

TEST(idle_worker_is_woken_before_one_is_started) {
    for (int i = 0; i < 50; i++) {
        run_batch(1, 1);
        wait_idle(1);
    }
    assert_int_equal(unit_thread_started(), 1);
}

static void note_worker(struct unit_batch *b, size_t index) {
    pthread_t *thread = b->arg;
    (void)index;
    *thread = pthread_self();
}

static pthread_t worker_of_next_batch(void) {
    pthread_t thread = 0;
    struct unit_batch b;
    size_t idle = unit_pool_idle(&pool);
    unit_batch_init(&b, 1, 1);
    b.on_run = note_worker;
    b.arg = &thread;
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    wait_idle(idle);
    return thread;
}

TEST(worker_that_waited_last_is_woken_first) {
    make_idle(3);
    pthread_t last = worker_of_next_batch();
    for (int i = 0; i < 20; i++)
        assert_true(pthread_equal(worker_of_next_batch(), last));
}

TEST(idle_worker_leaves) {
    run_batch(9, 3);
    unsigned started = unit_thread_started();
    for (unsigned i = 0; i < started; i++)
        unit_thread_wait_end();
    assert_int_equal(workers(), 0);
    run_batch(1, 1);
    assert_int_equal(unit_thread_started(), started + 1);
}

/* Each batch comes about when the worker's patience ends. */
TEST(work_that_meets_a_leaving_worker_is_done) {
    for (int i = 0; i < 200; i++) {
        run_batch(1, 1);
        if (i % 20 == 0)
            while (workers() > 0)
                sched_yield();
    }
}

/* Its patience ends while the lock is taken, and before it gets the lock it is taken out of the idle ones. */
TEST(worker_that_is_woken_as_its_patience_ends_stays) {
    struct unit_batch b;
    sem_t never;
    sem_init(&never, 0, 0);
    unit_batch_init(&b, 1, 1);
    b.batch.sched.held = true;
    unit_batch_submit(&b, &pool);
    for (bool woken = false; !woken;) {
        have_workers(1);
        pthread_mutex_lock(&pool.pool->lock);
        woken = !list_is_empty(&pool.pool->idle);
        if (woken) {
            assert_false(thread_wait_until(&never, clock_now_ms() + 2 * PATIENCE_MS));
            sched_release(&pool.pool->sched, &b.batch.sched);
        }
        worker_unlock(pool.pool);
    }
    unit_batch_end(&b);
}

TEST(busy_workers_do_the_work_of_those_that_cannot_be_started) {
    unit_thread_one_of(1);
    make_idle(1);
    unit_thread_one_of(0);
    struct unit_batch b;
    unit_batch_init(&b, 100, 10);
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_int_equal(b.most_running, 1);
    assert_int_equal(workers(), 1);
}

TEST(failed_start_is_not_tried_again_for_each_item) {
    make_idle(1);
    unit_thread_one_of(0);
    struct unit_batch b;
    unit_batch_init(&b, 100, 10);
    int64_t begun_ms = clock_now_ms();
    unit_batch_submit(&b, &pool);
    unit_batch_end(&b);
    assert_in_range(unit_thread_refused(), 1, 1 + (clock_now_ms() - begun_ms) / RETRY_MS);
}

TEST(work_behind_busy_workers_gets_the_thread_that_can_be_had_again) {
    make_idle(1);
    unit_thread_one_of(0);
    struct unit_batch b;
    unit_batch_init(&b, 2, 2);
    b.on_run = unit_batch_wait_go;
    unit_batch_submit(&b, &pool);
    thread_wait(&b.started);
    unit_thread_one_of(1);
    thread_wait(&b.started); /* the other one is busy until both were let go */
    sem_post(&b.go);
    sem_post(&b.go);
    unit_batch_end(&b);
}

TEST(without_any_worker_the_start_is_tried_again) {
    struct unit_batch b;
    unit_thread_one_of(0);
    unit_batch_init(&b, 5, 2);
    unit_batch_submit(&b, &pool);
    assert_int_equal(workers(), 0);
    unit_thread_one_of(2);
    unit_batch_end(&b);
}

TEST(worker_without_memory_is_started_a_little_later) {
    struct unit_batch b;
    unit_batch_init(&b, 5, 2);
    unit_fail_allocation(2); /* the first is the caller's record */
    unit_batch_submit(&b, &pool);
    unit_fail_allocation(0);
    assert_int_equal(workers(), 0);
    unit_batch_end(&b);
}

TEST(lack_of_threads_is_told_once_until_there_are_some) {
    struct unit_batch a, b;
    unit_thread_one_of(0);
    unit_batch_init(&a, 1, 1);
    unit_batch_init(&b, 1, 1);
    unit_batch_submit(&a, &pool);
    unit_batch_submit(&b, &pool);
    assert_int_equal(unit_pool_told(), 1);
    assert_int_equal(unit_pool_told_workers(), 0);
    unit_thread_one_of(1);
    unit_batch_end(&a);
    unit_batch_end(&b);
    unit_thread_one_of(0);
    unit_batch_init(&a, 3, 3); /* there are two workers at most */
    a.on_run = unit_batch_wait_go;
    unit_batch_submit(&a, &pool);
    while (unit_pool_told() == 1)
        sched_yield();
    for (int i = 0; i < 3; i++)
        sem_post(&a.go);
    unit_batch_end(&a);
    assert_int_equal(unit_pool_told(), 2);
    assert_in_range(unit_pool_told_workers(), 1, 2);
}

TEST(batch_that_never_got_a_worker_can_be_cancelled) {
    struct unit_batch b;
    unit_thread_one_of(0);
    unit_batch_init(&b, 5, 2);
    unit_batch_submit(&b, &pool);
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    assert_int_equal(unit_batch_count_skipped(&b), 5);
    unit_batch_end(&b);
}

static void post(void *arg) {
    sem_post(arg);
}

TEST(destroyed_pool_tries_no_more_to_start_workers) {
    struct unit_batch b;
    struct timer_event later;
    sem_t called;
    sem_init(&called, 0, 0);
    unit_thread_one_of(0);
    unit_batch_init(&b, 5, 2);
    unit_batch_submit(&b, &pool);
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    unit_batch_end(&b);
    pool_destroy(pool.pool);
    pool.pool = NULL;
    timer_event_init(&later, post, &called);
    timers_set(pool.timers, &later, clock_now_ms() + 60); /* behind the retry */
    thread_wait(&called);
}

TEST(half_of_the_starts_failing_loses_nothing) {
    enum { BATCHES = 60 };
    static struct unit_batch batches[BATCHES];
    unit_thread_one_of(2);
    for (int i = 0; i < BATCHES; i++) {
        unit_batch_init(&batches[i], (size_t)i % 9, 3);
        unit_batch_submit(&batches[i], &pool);
        if (i % 10 == 9)
            while (workers() > 0)
                sched_yield();
    }
    for (int i = 0; i < BATCHES; i++)
        unit_batch_end(&batches[i]);
}

TEST(pool_is_destroyed_whatever_its_workers_do) {
    for (int i = 0; i < 60; i++) {
        run_batch((size_t)i % 5, 2);
        unit_pool_destroy(&pool);
        (void)begin_with(3, i % 3);
    }
}

#define WORKER_TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORKER_TEST(pool_without_work_has_no_workers, begin),
        WORKER_TEST(one_item_starts_one_worker, begin),
        WORKER_TEST(workers_are_as_many_as_there_is_to_do, begin),
        WORKER_TEST(workers_are_no_more_than_the_limit, begin),
        WORKER_TEST(idle_worker_is_woken_before_one_is_started, begin),
        WORKER_TEST(worker_that_waited_last_is_woken_first, begin),
        WORKER_TEST(idle_worker_leaves, begin_impatient),
        WORKER_TEST(work_that_meets_a_leaving_worker_is_done, begin_impatient),
        WORKER_TEST(worker_that_is_woken_as_its_patience_ends_stays, begin_impatient),
        WORKER_TEST(busy_workers_do_the_work_of_those_that_cannot_be_started, begin),
        WORKER_TEST(failed_start_is_not_tried_again_for_each_item, begin),
        WORKER_TEST(work_behind_busy_workers_gets_the_thread_that_can_be_had_again, begin),
        WORKER_TEST(without_any_worker_the_start_is_tried_again, begin),
        WORKER_TEST(worker_without_memory_is_started_a_little_later, begin),
        WORKER_TEST(lack_of_threads_is_told_once_until_there_are_some, begin),
        WORKER_TEST(batch_that_never_got_a_worker_can_be_cancelled, begin),
        WORKER_TEST(destroyed_pool_tries_no_more_to_start_workers, begin),
        WORKER_TEST(half_of_the_starts_failing_loses_nothing, begin_impatient),
        WORKER_TEST(pool_is_destroyed_whatever_its_workers_do, begin),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
