#include "pool/stats.h"

#include "unit.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 40, ROUNDS = 2000 };

static struct stats *stats;

static int begin(void **state) {
    (void)state;
    return stats_create(&stats) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    stats_destroy(stats);
    return 0;
}

static struct stats_totals totals(void) {
    struct stats_totals now;
    stats_read(stats, &now);
    return now;
}

static uint64_t count_of(const struct stats_spread *s) {
    uint64_t count = 0;
    for (size_t i = 0; i <= STATS_BOUNDS; i++)
        count += s->counts[i];
    return count;
}

TEST(nothing_is_counted_at_first) {
    static const struct stats_totals none;
    struct stats_totals now = totals();
    assert_memory_equal(&now, &none, sizeof none);
    stats_destroy(NULL);
}

TEST(response_counts_by_its_class) {
    static const struct {
        int status;
        enum stats_class class;
    } cases[] = {
        {101, STATS_1XX}, {200, STATS_2XX}, {299, STATS_2XX},          {304, STATS_3XX},          {404, STATS_4XX},
        {499, STATS_4XX}, {500, STATS_5XX}, {600, STATS_OTHER_STATUS}, {999, STATS_OTHER_STATUS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fetch_result result = {.status = cases[i].status, .elapsed_us = 10};
        uint64_t before = totals().results[cases[i].class];
        stats_count_result(stats, &result, true);
        assert_int_equal(totals().results[cases[i].class], before + 1);
    }
    struct stats_totals now = totals();
    assert_int_equal(count_of(&now.duration), sizeof cases / sizeof cases[0]);
}

TEST(failure_counts_by_its_error) {
    for (int error = FETCH_OK + 1; error < FETCH_ERROR_COUNT; error++) {
        const struct fetch_result result = {.error = (enum fetch_error)error};
        for (int times = 0; times < error; times++)
            stats_count_result(stats, &result, true);
    }
    struct stats_totals now = totals();
    for (int error = FETCH_OK; error < FETCH_ERROR_COUNT; error++)
        assert_int_equal(now.results[STATS_CLASS_COUNT + error], error);
    for (int i = 0; i < STATS_CLASS_COUNT; i++)
        assert_int_equal(now.results[i], 0);
}

TEST(skipped_item_has_no_duration) {
    const struct fetch_result result = {.error = FETCH_DEADLINE};
    stats_count_result(stats, &result, false);
    struct stats_totals now = totals();
    assert_int_equal(now.results[STATS_CLASS_COUNT + FETCH_DEADLINE], 1);
    assert_int_equal(count_of(&now.duration), 0);
}

TEST(redirects_of_a_result_are_counted) {
    const struct fetch_result result = {.status = 200, .redirect_count = 3};
    stats_count_result(stats, &result, true);
    stats_count_result(stats, &result, true);
    assert_int_equal(totals().redirects, 6);
}

TEST(time_falls_below_its_bound) {
    uint64_t sum = 0;
    for (size_t i = 0; i < STATS_BOUNDS; i++) {
        stats_count_phase(stats, STATS_WAIT, stats_bounds_us[i]);
        stats_count_phase(stats, STATS_WAIT, stats_bounds_us[i] + 1);
        sum += (uint64_t)stats_bounds_us[i] * 2 + 1;
    }
    stats_count_phase(stats, STATS_WAIT, 0);
    stats_count_phase(stats, STATS_WAIT, -5); /* clocks of two libraries */
    struct stats_totals now = totals();
    assert_int_equal(now.phases[STATS_WAIT].counts[0], 3);
    for (size_t i = 1; i < STATS_BOUNDS; i++)
        assert_int_equal(now.phases[STATS_WAIT].counts[i], 2);
    assert_int_equal(now.phases[STATS_WAIT].counts[STATS_BOUNDS], 1);
    assert_int_equal(now.phases[STATS_WAIT].sum_us, sum);
    assert_int_equal(count_of(&now.phases[STATS_TRANSFER]), 0);
}

TEST(bounds_grow) {
    for (size_t i = 1; i < STATS_BOUNDS; i++)
        assert_true(stats_bounds_us[i] > stats_bounds_us[i - 1]);
}

TEST(each_number_has_its_own_place) {
    const struct stats_bytes bytes = {.received = 100, .decoded = 1000, .sent = 10};
    stats_count_start(stats, 7);
    stats_count_retry(stats);
    stats_count_retry(stats);
    stats_count_given_up(stats, FETCH_GIVEN_UP_BUDGET);
    stats_count_bytes(stats, &bytes);
    struct stats_totals now = totals();
    assert_int_equal(now.queue.sum_us, 7);
    assert_int_equal(now.queue.counts[0], 1);
    assert_int_equal(now.retries, 2);
    assert_int_equal(now.given_up[FETCH_GIVEN_UP_BUDGET], 1);
    assert_int_equal(now.received_bytes, 100);
    assert_int_equal(now.decoded_bytes, 1000);
    assert_int_equal(now.sent_bytes, 10);
    uint64_t numbers[sizeof now / sizeof(uint64_t)];
    uint64_t sum = 0;
    memcpy(numbers, &now, sizeof now);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sum += numbers[i];
    assert_int_equal(sum, 7 + 1 + 2 + 1 + 100 + 1000 + 10);
}

static void *count_many(void *arg) {
    const struct fetch_result result = {.status = 200, .elapsed_us = 1500};
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        stats_count_result(stats, &result, true);
    return NULL;
}

/* More threads than there are copies. */
TEST(nothing_is_lost_between_threads_and_nothing_goes_back) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    uint64_t last = 0;
    while (last < THREADS * ROUNDS) {
        uint64_t now = totals().results[STATS_2XX];
        assert_true(now >= last);
        last = now;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct stats_totals now = totals();
    assert_int_equal(now.results[STATS_2XX], THREADS * ROUNDS);
    assert_int_equal(now.duration.counts[1], THREADS * ROUNDS);
    assert_int_equal(now.duration.sum_us, UINT64_C(1500) * THREADS * ROUNDS);
}

#define STATS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        STATS_TEST(nothing_is_counted_at_first),
        STATS_TEST(response_counts_by_its_class),
        STATS_TEST(failure_counts_by_its_error),
        STATS_TEST(skipped_item_has_no_duration),
        STATS_TEST(redirects_of_a_result_are_counted),
        STATS_TEST(time_falls_below_its_bound),
        cmocka_unit_test(bounds_grow),
        STATS_TEST(each_number_has_its_own_place),
        STATS_TEST(nothing_is_lost_between_threads_and_nothing_goes_back),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
