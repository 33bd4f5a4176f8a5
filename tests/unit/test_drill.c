#include "pool/drill.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

#include <stdio.h>
#include <string.h>

enum { LONG_MS = 60 * 1000, LINES = 16 };

static struct unit_pool pool;
static char lines[LINES][300];
static atomic_uint line_count;

static void keep_line(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    (void)level, (void)fields, (void)count;
    (void)snprintf(lines[line_count++ % LINES], sizeof lines[0], "%s", message);
}

static int begin(void **state) {
    (void)state;
    line_count = 0;
    log_set_sink(keep_line);
    unit_pool_create(&pool, 8, 100, LONG_MS);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    log_set_sink(NULL);
    return 0;
}

static bool was_logged(const char *line) {
    for (unsigned i = 0; i < line_count && i < LINES; i++)
        if (strcmp(lines[i], line) == 0)
            return true;
    return false;
}

static const struct drill_task abc[] = {{30, "A"}, {10, "B"}, {20, "C"}};

static void assert_abc(const char **results) {
    assert_string_equal(results[0], "A");
    assert_string_equal(results[1], "B");
    assert_string_equal(results[2], "C");
}

TEST(task_waits_its_time_and_says_so) {
    const struct drill_task task = {30, "a task"};
    int64_t start_ms = clock_now_ms();
    assert_ptr_equal(drill_delay(&task, NULL), task.label);
    assert_true(clock_now_ms() - start_ms >= 30);
    assert_int_equal(line_count, 2);
    assert_string_equal(lines[0], "a task starting...");
    assert_string_equal(lines[1], "a task done after 0.03s");
}

TEST(task_of_no_time_does_not_wait) {
    const struct drill_task task = {0, ""};
    assert_string_equal(drill_delay(&task, NULL), "");
    assert_string_equal(lines[0], " starting...");
    assert_string_equal(lines[1], " done after 0s");
}

TEST(task_that_was_cancelled_before_does_not_wait) {
    const struct drill_task task = {LONG_MS, "A"};
    _Atomic(enum fetch_error) cancelled = FETCH_CANCELLED;
    assert_null(drill_delay(&task, &cancelled));
    assert_true(was_logged("A starting..."));
    assert_int_equal(line_count, 1);
}

TEST(one_after_the_other_takes_the_sum) {
    const char *results[3];
    int64_t start_ms = clock_now_ms();
    drill_run_sequential(abc, 3, results);
    assert_true(clock_now_ms() - start_ms >= 60);
    assert_abc(results);
    static const char *const expected[] = {"A starting...",      "A done after 0.03s", "B starting...",
                                           "B done after 0.01s", "C starting...",      "C done after 0.02s"};
    for (int i = 0; i < 6; i++)
        assert_string_equal(lines[i], expected[i]);
}

TEST(at_once_they_come_in_the_order_given) {
    const char *results[3];
    int64_t start_ms = clock_now_ms();
    assert_int_equal(drill_run_concurrent(pool.pool, abc, 3, 3, results), ERR_NONE);
    assert_true(clock_now_ms() - start_ms >= 30);
    assert_abc(results);
    assert_int_equal(line_count, 6);
    assert_true(was_logged("A done after 0.03s"));
}

TEST(one_at_a_time_in_the_pool_takes_the_sum) {
    const char *results[3];
    int64_t start_ms = clock_now_ms();
    assert_int_equal(drill_run_concurrent(pool.pool, abc, 3, 1, results), ERR_NONE);
    assert_true(clock_now_ms() - start_ms >= 60);
    assert_abc(results);
}

TEST(no_tasks_have_no_results) {
    const char *results[1] = {"untouched"};
    assert_int_equal(drill_run_concurrent(pool.pool, NULL, 0, 1, results), ERR_NONE);
    drill_run_sequential(NULL, 0, results);
    assert_string_equal(results[0], "untouched");
}

TEST(closed_pool_refuses) {
    const char *results[3] = {"untouched"};
    pool_close(pool.pool);
    assert_int_equal(drill_run_concurrent(pool.pool, abc, 3, 3, results), ERR_CLOSED);
    assert_string_equal(results[0], "untouched");
}

struct call {
    struct drill_batch drill;
    sem_t done;
};

static void call_done(struct drill_batch *b) {
    sem_post(&LIST_ENTRY(b, struct call, drill)->done);
}

/* Ends after three have started, so they wait at once, and no fourth one with them. */
TEST(cancelled_drill_is_cut) {
    static const struct drill_task tasks[] = {{LONG_MS, "A"}, {LONG_MS, "B"}, {LONG_MS, "C"}, {LONG_MS, "D"}};
    struct call call = {.drill = {.tasks = tasks, .done = call_done}};
    sem_init(&call.done, 0, 0);
    assert_int_equal(drill_batch_submit(&call.drill, pool.pool, 4, 3), ERR_NONE);
    while (line_count < 3)
        sched_yield();
    pool_cancel(&call.drill.batch, FETCH_CANCELLED);
    thread_wait(&call.done);
    assert_true(call.drill.cut);
    drill_batch_fini(&call.drill);
    assert_int_equal(line_count, 3);
    assert_false(was_logged("D starting..."));
}

TEST(drill_that_ends_is_not_cut) {
    struct call call = {.drill = {.tasks = abc, .done = call_done}};
    sem_init(&call.done, 0, 0);
    assert_int_equal(drill_batch_submit(&call.drill, pool.pool, 3, 3), ERR_NONE);
    thread_wait(&call.done);
    assert_false(call.drill.cut);
    drill_batch_fini(&call.drill);
}

static void *shut_down(void *arg) {
    (void)arg;
    while (unit_pool_stats(&pool).running == 0)
        sched_yield();
    pool_cancel_all(pool.pool, FETCH_SHUTDOWN);
    return NULL;
}

TEST(drill_that_was_cut_short_has_no_results) {
    static const struct drill_task tasks[] = {{0, "A"}, {LONG_MS, "B"}};
    const char *results[2] = {"x", "x"};
    pthread_t thread;
    assert_int_equal(thread_start("fp-cancel", shut_down, NULL, false, &thread), ERR_NONE);
    assert_int_equal(drill_run_concurrent(pool.pool, tasks, 2, 2, results), ERR_NONE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(results[0]);
    assert_null(results[1]);
}

TEST(long_label_is_cut_in_the_log_only) {
    char label[400];
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    const struct drill_task task = {0, label};
    assert_ptr_equal(drill_delay(&task, NULL), label);
    assert_int_equal(strlen(lines[0]), 255);
}

#define DRILL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        DRILL_TEST(task_waits_its_time_and_says_so),
        DRILL_TEST(task_of_no_time_does_not_wait),
        DRILL_TEST(task_that_was_cancelled_before_does_not_wait),
        DRILL_TEST(one_after_the_other_takes_the_sum),
        DRILL_TEST(at_once_they_come_in_the_order_given),
        DRILL_TEST(one_at_a_time_in_the_pool_takes_the_sum),
        DRILL_TEST(no_tasks_have_no_results),
        DRILL_TEST(closed_pool_refuses),
        DRILL_TEST(cancelled_drill_is_cut),
        DRILL_TEST(drill_that_ends_is_not_cut),
        DRILL_TEST(drill_that_was_cut_short_has_no_results),
        DRILL_TEST(long_label_is_cut_in_the_log_only),
    };
    return cmocka_run_group_tests_name("drill", tests, NULL, NULL);
}
