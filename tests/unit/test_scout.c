#include "pool/scout.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

#include <sched.h>

enum { PATIENCE_MS = 10 * 1000 };

static struct unit_pool pool;
static struct unit_batch batch;
static struct scout scout;

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, 1, 2, 60 * 1000);
    scout_init(&scout, pool.pool);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    scout_fini(&scout);
    return 0;
}

static void wait_for_scout(void) {
    int64_t end_ms = clock_now_ms() + PATIENCE_MS;
    while (scout_is_in(&scout) && clock_now_ms() < end_ms)
        (void)sched_yield();
    assert_false(scout_is_in(&scout));
}

/* The only worker is busy until `go`. */
static void keep_busy(size_t count) {
    unit_batch_init(&batch, count, count);
    batch.on_run = unit_batch_wait_go;
    unit_batch_submit(&batch, &pool);
    thread_wait(&batch.started);
}

static void let_go(void) {
    for (size_t i = 0; i < batch.count; i++)
        sem_post(&batch.go);
    unit_batch_end(&batch);
}

TEST(it_comes_back_as_often_as_it_is_sent) {
    for (int i = 0; i < 100; i++) {
        assert_true(scout_send(&scout));
        wait_for_scout();
    }
}

TEST(sent_again_before_it_is_back_it_stays_one) {
    keep_busy(1);
    for (int i = 0; i < 5; i++)
        assert_true(scout_send(&scout));
    assert_int_equal(unit_pool_stats(&pool).waiting, 1);
    let_go();
    wait_for_scout();
}

TEST(full_pool_takes_it_all_the_same) {
    unit_batch_init(&batch, 2, 2);
    batch.on_run = unit_batch_wait_go;
    unit_batch_submit(&batch, &pool);
    thread_wait(&batch.started);
    struct unit_batch more;
    unit_batch_init(&more, 1, 1);
    unit_batch_submit(&more, &pool);
    assert_true(scout_send(&scout));
    let_go();
    unit_batch_end(&more);
    wait_for_scout();
}

TEST(it_takes_the_place_of_nobody_and_is_not_counted) {
    keep_busy(1);
    assert_true(scout_send(&scout));
    struct unit_batch more;
    unit_batch_init(&more, 2, 2); /* as many as may wait */
    unit_batch_submit(&more, &pool);
    let_go();
    unit_batch_end(&more);
    wait_for_scout();
    struct pool_stats stats = unit_pool_stats(&pool);
    assert_int_equal(stats.batches_accepted, 2);
    assert_int_equal(stats.batches_finished[POOL_COMPLETED], 2);
    assert_int_equal(stats.accepted, 3);
    assert_int_equal(stats.finished, 3);
}

TEST(closed_pool_does_not_take_it) {
    pool_close(pool.pool);
    assert_false(scout_send(&scout));
    scout_recall(&scout); /* which is not there */
}

TEST(recalled_it_does_not_wait_for_its_turn) {
    keep_busy(1);
    assert_true(scout_send(&scout));
    scout_recall(&scout);
    assert_false(scout_is_in(&scout));
    let_go();
}

#define SCOUT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCOUT_TEST(it_comes_back_as_often_as_it_is_sent), SCOUT_TEST(sent_again_before_it_is_back_it_stays_one),
        SCOUT_TEST(full_pool_takes_it_all_the_same),      SCOUT_TEST(it_takes_the_place_of_nobody_and_is_not_counted),
        SCOUT_TEST(closed_pool_does_not_take_it),         SCOUT_TEST(recalled_it_does_not_wait_for_its_turn),
    };
    return cmocka_run_group_tests_name("scout", tests, NULL, NULL);
}
