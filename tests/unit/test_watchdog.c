#include "daemon/watchdog.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_state.h"
#include "unit.h"
#include "unit_batch.h"

#include <sched.h>

enum { WORKERS = 2, QUEUE = 8, LATE_MS = -60 * 1000, PATIENCE_MS = 10 * 1000 }; /* LATE_MS: what runs at all is late */

static struct unit_pool pool;
static struct unit_batch batch;
static struct watchdog dog;

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, WORKERS, QUEUE, 60 * 1000);
    watchdog_init(&dog, pool.pool);
    return 0;
}

static int end(void **state) {
    (void)state;
    watchdog_end(&dog);
    unit_pool_destroy(&pool);
    watchdog_fini(&dog);
    return 0;
}

static enum pool_motion look(int64_t grace_ms) {
    struct pool_progress now;
    pool_progress_read(pool.pool, grace_ms, &now);
    return watchdog_look(&dog, &now);
}

static void wait_for_scout(void) {
    int64_t end_ms = clock_now_ms() + PATIENCE_MS;
    while (scout_is_in(&dog.scout) && clock_now_ms() < end_ms)
        (void)sched_yield();
    assert_false(scout_is_in(&dog.scout));
}

static void start_batch(size_t count, int64_t longest_ms) {
    unit_batch_init(&batch, count, count);
    batch.on_run = unit_batch_wait_go;
    batch.batch.longest_ms = longest_ms;
    unit_batch_submit(&batch, &pool);
    for (size_t i = 0; i < WORKERS; i++)
        thread_wait(&batch.started);
}

static void end_batch(void) {
    for (size_t i = 0; i < batch.count; i++)
        sem_post(&batch.go);
    unit_batch_end(&batch);
}

TEST(scout_that_comes_back_is_motion) {
    for (int i = 0; i < 10; i++) {
        assert_int_equal(look(0), POOL_MOVES);
        assert_true(dog.has_sent);
        wait_for_scout();
    }
}

/* Nobody is let start: the same as a scheduler that hands nothing out. */
static void keep_workers_from_starting(bool keep) {
    pthread_mutex_lock(&pool.pool->lock);
    pool.pool->start_paused = keep;
    pthread_mutex_unlock(&pool.pool->lock);
}

TEST(scout_that_no_worker_takes_is_a_stall) {
    keep_workers_from_starting(true);
    assert_int_equal(look(0), POOL_MOVES); /* nothing is known yet */
    assert_int_equal(look(0), POOL_STALLED);
    assert_int_equal(look(0), POOL_STALLED);
    keep_workers_from_starting(false);
    pool_hold(&dog.scout.batch, SCHED_NO_ITEM);
    pool_release(&dog.scout.batch); /* has the pool look for workers again */
    wait_for_scout();
    assert_int_equal(look(0), POOL_MOVES);
}

TEST(workers_that_are_all_slow_and_not_late_move) {
    start_batch(4, 60 * 1000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(0), POOL_MOVES);
    assert_true(scout_is_in(&dog.scout)); /* it waits for its turn */
    end_batch();
    wait_for_scout();
}

TEST(workers_that_are_all_late_are_stuck_until_one_is_through) {
    start_batch(WORKERS, 1000);
    assert_int_equal(look(LATE_MS), POOL_MOVES);
    assert_int_equal(look(LATE_MS), POOL_STUCK);
    assert_int_equal(look(LATE_MS), POOL_STUCK);
    sem_post(&batch.go);
    wait_for_scout(); /* its turn has come */
    assert_int_equal(look(LATE_MS), POOL_MOVES);
    end_batch();
}

TEST(late_workers_do_no_harm_while_others_are_free) {
    unit_batch_init(&batch, 1, 1);
    batch.on_run = unit_batch_wait_go;
    batch.batch.longest_ms = 1000;
    unit_batch_submit(&batch, &pool);
    thread_wait(&batch.started);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(look(LATE_MS), POOL_MOVES);
        wait_for_scout();
    }
    end_batch();
}

TEST(full_pool_is_judged_by_its_scout) {
    start_batch(QUEUE, 1000); /* two run: two more may wait */
    struct unit_batch more;
    unit_batch_init(&more, 2, 2);
    unit_batch_submit(&more, &pool);
    assert_int_equal(look(LATE_MS), POOL_MOVES);
    assert_true(dog.has_sent);
    assert_int_equal(look(0), POOL_MOVES);
    assert_int_equal(look(LATE_MS), POOL_STUCK);
    end_batch();
    unit_batch_end(&more);
    wait_for_scout();
}

TEST(closed_pool_takes_no_scout_and_is_well) {
    pool_close(pool.pool);
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(0), POOL_MOVES);
    assert_false(dog.has_sent);
}

TEST(scout_that_waits_at_the_end_is_recalled) {
    keep_workers_from_starting(true);
    assert_int_equal(look(0), POOL_MOVES);
    assert_true(scout_is_in(&dog.scout));
    watchdog_end(&dog);
    wait_for_scout();
}

#define DOG_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        DOG_TEST(scout_that_comes_back_is_motion),
        DOG_TEST(scout_that_no_worker_takes_is_a_stall),
        DOG_TEST(workers_that_are_all_slow_and_not_late_move),
        DOG_TEST(workers_that_are_all_late_are_stuck_until_one_is_through),
        DOG_TEST(late_workers_do_no_harm_while_others_are_free),
        DOG_TEST(full_pool_is_judged_by_its_scout),
        DOG_TEST(closed_pool_takes_no_scout_and_is_well),
        DOG_TEST(scout_that_waits_at_the_end_is_recalled),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
