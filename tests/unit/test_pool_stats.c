#include "pool/pool_stats.h"

#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

#include <pthread.h>

enum { EDITIONS = 200000, LONG_MS = 60 * 1000 };

static struct pool_board board;

/* Sums that are right in each edition and wrong in a mixture of two. */
static void write(uint64_t n) {
    const struct pool_stats stats = {
        .workers = 7 * n, .running = n, .waiting = 2 * n, .finished = 3 * n, .accepted = 6 * n};
    pool_board_write(&board, &stats, 0);
}

static void *write_many(void *arg) {
    (void)arg;
    for (uint64_t n = 1; n <= EDITIONS; n++)
        write(n);
    return NULL;
}

TEST(board_shows_what_was_written) {
    struct pool_stats stats;
    write(5);
    pool_board_read(&board, 0, &stats);
    assert_int_equal(stats.running, 5);
    assert_int_equal(stats.accepted, 30);
    assert_int_equal(stats.workers, 35);
    assert_int_equal(stats.batches_accepted, 0);
}

TEST(what_is_read_is_of_one_moment) {
    pthread_t writer;
    struct pool_stats stats = {0};
    assert_int_equal(pthread_create(&writer, NULL, write_many, NULL), 0);
    while (stats.running < EDITIONS) {
        pool_board_read(&board, 0, &stats);
        assert_int_equal(stats.finished + stats.running + stats.waiting, stats.accepted);
        assert_int_equal(stats.workers, 7 * stats.running);
    }
    pthread_join(writer, NULL);
}

TEST(what_waits_has_waited_until_it_is_read) {
    static struct pool_board b;
    struct pool_stats stats;
    pool_board_write(&b, &(struct pool_stats){.waiting_for = {3, 0, 1}, .waited_us = {100, 20}}, 1000);
    pool_board_read(&b, 1000, &stats);
    assert_int_equal(stats.waited_us[0], 100);
    pool_board_read(&b, 1050, &stats);
    assert_int_equal(stats.waiting_for[0], 3);
    assert_int_equal(stats.waited_us[0], 100 + 3 * 50);
    assert_int_equal(stats.waited_us[1], 20);
    assert_int_equal(stats.waited_us[2], 50);
}

/* The writer had looked at the clock before. */
TEST(what_was_waited_never_becomes_less) {
    static struct pool_board b;
    struct pool_stats stats;
    pool_board_write(&b, &(struct pool_stats){.waiting_for = {10}}, 1000);
    pool_board_read(&b, 1100, &stats);
    assert_int_equal(stats.waited_us[0], 1000);
    pool_board_write(&b, &(struct pool_stats){.waited_us = {900}}, 1090);
    pool_board_read(&b, 1080, &stats);
    assert_int_equal(stats.waited_us[0], 1000);
    assert_int_equal(stats.waiting_for[0], 0);
    pool_board_write(&b, &(struct pool_stats){.waited_us = {1001}}, 1200);
    pool_board_read(&b, 1200, &stats);
    assert_int_equal(stats.waited_us[0], 1001);
}

TEST(batch_ends_in_one_of_four_ways) {
    assert_int_equal(pool_outcome_of(FETCH_OK), POOL_COMPLETED);
    assert_int_equal(pool_outcome_of(FETCH_CANCELLED), POOL_CANCELLED);
    assert_int_equal(pool_outcome_of(FETCH_DEADLINE), POOL_DEADLINE);
    assert_int_equal(pool_outcome_of(FETCH_SHUTDOWN), POOL_SHUTDOWN);
}

/* ---- the pool's own ---- */

static struct unit_pool pool;

static void assert_adds_up(const struct pool_stats *s) {
    uint64_t waiting = 0;
    for (size_t i = 0; i < SCHED_WAIT_COUNT; i++)
        waiting += s->waiting_for[i];
    assert_int_equal(waiting, s->waiting);
    assert_int_equal(s->finished + s->running + s->waiting, s->accepted);
}

static void look(struct unit_batch *b, size_t index) {
    struct pool_stats s = unit_pool_stats(&pool);
    (void)b, (void)index;
    assert_adds_up(&s);
    assert_true(s.running >= 1);
}

TEST(pool_counts_items_and_batches) {
    struct unit_batch b;
    unit_pool_create(&pool, 2, 100, LONG_MS);
    assert_int_equal(unit_pool_stats(&pool).max_workers, 2);
    unit_batch_init(&b, 10, 2);
    b.on_run = unit_batch_wait_go;
    unit_batch_submit(&b, &pool);
    thread_wait(&b.started);
    thread_wait(&b.started);
    struct pool_stats s = unit_pool_stats(&pool);
    assert_int_equal(s.accepted, 10);
    assert_int_equal(s.running, 2);
    assert_int_equal(s.waiting, 8);
    assert_int_equal(s.finished, 0);
    assert_int_equal(s.waiting_for[SCHED_WAIT_BATCH], 8);
    assert_int_equal(s.batches_accepted, 1);
    assert_int_equal(s.workers, 2);
    for (int i = 0; i < 10; i++)
        sem_post(&b.go);
    unit_batch_end(&b);
    s = unit_pool_stats(&pool);
    assert_int_equal(s.finished, 10);
    assert_int_equal(s.running + s.waiting, 0);
    assert_int_equal(s.batches_finished[POOL_COMPLETED], 1);
    unit_pool_destroy(&pool);
}

TEST(items_that_are_skipped_are_counted_all_the_time) {
    struct unit_batch b;
    unit_pool_create(&pool, 1, 1000, LONG_MS);
    unit_batch_init(&b, UNIT_BATCH_ITEMS, 1);
    b.on_run = unit_batch_wait_cancel;
    b.on_skip = look;
    unit_batch_submit(&b, &pool);
    thread_wait(&b.started);
    pool_cancel(&b.batch, FETCH_SHUTDOWN);
    unit_batch_end(&b);
    struct pool_stats s = unit_pool_stats(&pool);
    assert_int_equal(s.finished, UNIT_BATCH_ITEMS);
    assert_adds_up(&s);
    assert_int_equal(s.batches_finished[POOL_SHUTDOWN], 1);
    assert_int_equal(s.batches_finished[POOL_COMPLETED], 0);
    unit_pool_destroy(&pool);
}

TEST(refused_batch_is_not_counted) {
    struct unit_batch b;
    unit_pool_create(&pool, 1, 2, LONG_MS);
    unit_batch_init(&b, 3, 1);
    assert_int_equal(pool_submit(pool.pool, &b.batch), ERR_LIMIT);
    struct pool_stats s = unit_pool_stats(&pool);
    assert_int_equal(s.accepted + s.batches_accepted + s.waiting, 0);
    unit_batch_fini(&b);
    unit_pool_destroy(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(board_shows_what_was_written),
        cmocka_unit_test(what_is_read_is_of_one_moment),
        cmocka_unit_test(what_waits_has_waited_until_it_is_read),
        cmocka_unit_test(what_was_waited_never_becomes_less),
        cmocka_unit_test(batch_ends_in_one_of_four_ways),
        cmocka_unit_test(pool_counts_items_and_batches),
        cmocka_unit_test(items_that_are_skipped_are_counted_all_the_time),
        cmocka_unit_test(refused_batch_is_not_counted),
    };
    return cmocka_run_group_tests_name("pool_stats", tests, NULL, NULL);
}
