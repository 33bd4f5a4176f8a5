#include "pool/pool_progress.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

enum { WORKERS = 2, PLENTY = 1000, NO_PATIENCE_MS = -60 * 1000 }; /* what runs at all is late */

static struct unit_pool pool;
static struct unit_batch batch;

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, WORKERS, PLENTY, 60 * 1000);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    return 0;
}

static struct pool_progress read_progress(int64_t grace_ms) {
    struct pool_progress progress;
    pool_progress_read(pool.pool, grace_ms, &progress);
    return progress;
}

/* `count` items, of which as many run as there are workers. */
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

TEST(idle_pool_has_free_workers_and_no_work) {
    struct pool_progress p = read_progress(0);
    assert_int_equal(p.steps, 0);
    assert_int_equal(p.running, 0);
    assert_int_equal(p.waiting, 0);
    assert_int_equal(p.free, WORKERS);
    assert_false(p.has_work);
}

TEST(busy_pool_has_work_and_no_free_worker) {
    start_batch(5, CLOCK_NEVER);
    struct pool_progress p = read_progress(NO_PATIENCE_MS);
    assert_int_equal(p.steps, WORKERS);
    assert_int_equal(p.running, WORKERS);
    assert_int_equal(p.waiting, 3);
    assert_int_equal(p.free, 0);
    assert_int_equal(p.overdue, 0); /* nobody knows how long they may take */
    assert_true(p.has_work);
    end_batch();
}

TEST(items_are_overdue_after_their_time_and_the_grace) {
    start_batch(2, 1000);
    assert_int_equal(read_progress(0).overdue, 0);
    assert_int_equal(read_progress(NO_PATIENCE_MS).overdue, WORKERS);
    end_batch();
}

TEST(starts_and_ends_are_steps) {
    start_batch(2, 1000);
    end_batch();
    assert_int_equal(read_progress(0).steps, 4);
}

/* ---- the judgement ---- */

static enum pool_motion judge(struct pool_progress before, struct pool_progress now) {
    return pool_progress_judge(&before, &now);
}

TEST(pool_without_work_moves) {
    assert_int_equal(judge((struct pool_progress){.free = 2}, (struct pool_progress){.free = 2}), POOL_MOVES);
}

TEST(any_step_is_motion) {
    const struct pool_progress bad = {.steps = 7, .has_work = true, .running = 1, .overdue = 1, .free = 1};
    struct pool_progress later = bad;
    later.steps = 8;
    assert_int_equal(judge(bad, bad), POOL_STALLED);
    assert_int_equal(judge(bad, later), POOL_MOVES);
}

TEST(work_and_free_workers_that_do_not_meet_are_a_stall) {
    const struct pool_progress work = {.has_work = true, .free = 1}, no_work = {.free = 1};
    assert_int_equal(judge(work, work), POOL_STALLED);
    assert_int_equal(judge(no_work, work), POOL_MOVES); /* it has only just come */
    assert_int_equal(judge(work, no_work), POOL_MOVES); /* what there was is gone, if without a step: skipped */
}

TEST(workers_at_slow_work_that_is_not_late_move) {
    const struct pool_progress busy = {.has_work = true, .running = 2, .overdue = 1};
    assert_int_equal(judge(busy, busy), POOL_MOVES);
}

TEST(workers_that_are_all_late_are_stuck) {
    const struct pool_progress late = {.running = 2, .overdue = 2};
    assert_int_equal(judge(late, late), POOL_STUCK);
    const struct pool_progress one_free = {.running = 2, .overdue = 2, .free = 1};
    assert_int_equal(judge(one_free, one_free), POOL_MOVES);
}

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        POOL_TEST(idle_pool_has_free_workers_and_no_work),
        POOL_TEST(busy_pool_has_work_and_no_free_worker),
        POOL_TEST(items_are_overdue_after_their_time_and_the_grace),
        POOL_TEST(starts_and_ends_are_steps),
        cmocka_unit_test(pool_without_work_moves),
        cmocka_unit_test(any_step_is_motion),
        cmocka_unit_test(work_and_free_workers_that_do_not_meet_are_a_stall),
        cmocka_unit_test(workers_at_slow_work_that_is_not_late_move),
        cmocka_unit_test(workers_that_are_all_late_are_stuck),
    };
    return cmocka_run_group_tests_name("pool_progress", tests, NULL, NULL);
}
