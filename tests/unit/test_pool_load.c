#include "pool/pool.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"
#include "unit_random.h"

enum { BATCHES = 240, THREADS = 4, WORKERS = 16, LONG_MS = 60 * 1000 };

static struct unit_pool pool;
static struct unit_batch batches[BATCHES];

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, WORKERS, SIZE_MAX, LONG_MS);
    return 0;
}

static int begin_impatient(void **state) {
    (void)state;
    unit_pool_create(&pool, WORKERS, SIZE_MAX, 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    return 0;
}

/* Some items give way, some cancel, some hold their batch for a moment. */
static void meddle(struct unit_batch *b, size_t index) {
    if (index % 3 == 0)
        sched_yield();
    if (index % 11 == 5)
        pool_hold(&b->batch, SCHED_NO_ITEM);
    if (index % 17 == 13)
        pool_cancel(&b->batch, FETCH_CANCELLED);
    if (index % 11 == 5)
        pool_release(&b->batch);
}

static void init_batches(uint32_t random_state) {
    for (size_t i = 0; i < BATCHES; i++) {
        int64_t deadline_ms = i % 5 == 0 ? clock_now_ms() + (int64_t)unit_random_below(&random_state, 8) : CLOCK_NEVER;
        unit_batch_init_until(&batches[i], unit_random_below(&random_state, 20),
                              1 + unit_random_below(&random_state, 6), deadline_ms);
        batches[i].on_run = meddle;
    }
}

/* Submits every fourth batch, and meddles with those that it has submitted. */
static void *submit(void *arg) {
    size_t first = *(const size_t *)arg;
    uint32_t random_state = (uint32_t)first + 1;
    for (size_t i = first; i < BATCHES; i += THREADS) {
        if (pool_submit(pool.pool, &batches[i].batch))
            return NULL;
        size_t submitted = (i - first) / THREADS + 1;
        struct unit_batch *b = &batches[first + unit_random_below(&random_state, (uint32_t)submitted) * THREADS];
        if (unit_random_below(&random_state, 4) == 0)
            pool_cancel(&b->batch, FETCH_CANCELLED);
        pool_hold(&b->batch, SCHED_NO_ITEM);
        pool_release(&b->batch);
    }
    return arg;
}

static void start_threads(size_t firsts[THREADS], pthread_t threads[THREADS]) {
    for (size_t i = 0; i < THREADS; i++) {
        firsts[i] = i;
        assert_int_equal(thread_start("fp-load", submit, &firsts[i], false, &threads[i]), ERR_NONE);
    }
}

static void join_threads(size_t firsts[THREADS], const pthread_t threads[THREADS]) {
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &firsts[i]);
    }
}

static void end_batches(void) {
    for (size_t i = 0; i < BATCHES; i++) {
        assert_true(batches[i].most_running <= WORKERS);
        unit_batch_end(&batches[i]);
    }
    assert_int_equal(unit_pool_stats(&pool).waiting, 0);
    assert_int_equal(unit_pool_stats(&pool).running, 0);
    assert_true(unit_pool_stats(&pool).workers <= WORKERS);
}

TEST(every_item_comes_to_one_end) {
    size_t firsts[THREADS];
    pthread_t threads[THREADS];
    init_batches(7);
    start_threads(firsts, threads);
    join_threads(firsts, threads);
    end_batches();
}

TEST(cancel_of_all_meets_batches_that_come) {
    size_t firsts[THREADS];
    pthread_t threads[THREADS];
    init_batches(11);
    start_threads(firsts, threads);
    for (int i = 0; i < 20; i++) {
        pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
        sched_yield();
    }
    join_threads(firsts, threads);
    end_batches();
}

#define LOAD_TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOAD_TEST(every_item_comes_to_one_end, begin),
        LOAD_TEST(every_item_comes_to_one_end, begin_impatient),
        LOAD_TEST(cancel_of_all_meets_batches_that_come, begin),
        LOAD_TEST(cancel_of_all_meets_batches_that_come, begin_impatient),
    };
    return cmocka_run_group_tests_name("pool_load", tests, NULL, NULL);
}
