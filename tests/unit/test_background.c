#include "api/background.h"

#include "base/thread.h"
#include "unit.h"
#include "unit_thread.h"

#include <pthread.h>
#include <semaphore.h>

enum { TASKS = 1000, ADDERS = 4 };

struct numbered {
    struct background_task task;
    int number;
};

static struct background *background; /* NULL after destroy */
static struct numbered tasks[TASKS];
static int order[TASKS + 1];
static int runs; /* of the one thread; read after its end, or after `ran` */
static pthread_t runner;
static sem_t ran;
static sem_t go;

static int begin(void **state) {
    (void)state;
    unit_thread_reset();
    runs = 0;
    for (int i = 0; i < TASKS; i++)
        tasks[i].number = i;
    sem_init(&ran, 0, 0);
    sem_init(&go, 0, 0);
    return background_create("fp-test", &background) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    background_destroy(background);
    sem_destroy(&ran);
    sem_destroy(&go);
    return 0;
}

static void destroy(void) {
    background_destroy(background);
    background = NULL;
}

static void note(struct background_task *task) {
    runner = pthread_self();
    order[runs++] = LIST_ENTRY(task, struct numbered, task)->number;
    sem_post(&ran);
}

static void wait_then_note(struct background_task *task) {
    thread_wait(&go);
    note(task);
}

static void note_and_add_next(struct background_task *task) {
    int next = LIST_ENTRY(task, struct numbered, task)->number + 1;
    if (next < TASKS)
        background_add(background, &tasks[next].task, note_and_add_next);
    note(task);
}

TEST(destroying_none_does_no_harm) {
    background_destroy(NULL);
}

TEST(task_runs_in_the_other_thread) {
    background_add(background, &tasks[7].task, note);
    thread_wait(&ran);
    assert_int_equal(runs, 1);
    assert_int_equal(order[0], 7);
    assert_false(pthread_equal(runner, pthread_self()));
    assert_int_equal(unit_thread_started(), 1);
}

TEST(tasks_run_in_the_order_they_were_added) {
    for (int i = 0; i < TASKS; i++)
        background_add(background, &tasks[i].task, note);
    destroy();
    assert_int_equal(runs, TASKS);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(order[i], i);
}

TEST(what_was_added_before_the_end_is_run) {
    background_add(background, &tasks[0].task, wait_then_note);
    for (int i = 1; i < 10; i++)
        background_add(background, &tasks[i].task, note);
    sem_post(&go);
    destroy();
    assert_int_equal(runs, 10);
}

TEST(task_may_add_tasks) {
    background_add(background, &tasks[0].task, note_and_add_next);
    for (int i = 0; i < TASKS; i++)
        thread_wait(&ran);
    assert_int_equal(order[TASKS - 1], TASKS - 1);
}

TEST(task_may_be_added_again_after_it_ran) {
    for (int i = 0; i < 100; i++) {
        background_add(background, &tasks[3].task, note);
        thread_wait(&ran);
    }
    assert_int_equal(runs, 100);
}

static void *add_every_fourth(void *arg) {
    const struct numbered *first = arg;
    for (int i = first->number; i < TASKS; i += ADDERS)
        background_add(background, &tasks[i].task, note);
    return NULL;
}

TEST(each_of_many_adders_keeps_its_order) {
    pthread_t adders[ADDERS];
    int last[ADDERS] = {-1, -1, -1, -1};
    for (int i = 0; i < ADDERS; i++)
        assert_int_equal(pthread_create(&adders[i], NULL, add_every_fourth, &tasks[i]), 0);
    for (int i = 0; i < ADDERS; i++)
        assert_int_equal(pthread_join(adders[i], NULL), 0);
    destroy();
    assert_int_equal(runs, TASKS);
    for (int i = 0; i < TASKS; i++) {
        assert_true(order[i] > last[order[i] % ADDERS]);
        last[order[i] % ADDERS] = order[i];
    }
}

static void create_one(void) {
    struct background *b = NULL;
    enum err err = background_create("fp-test", &b);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(b != NULL, err == ERR_NONE);
    background_destroy(b);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(create_one);
}

TEST(missing_thread_is_told) {
    struct background *b = NULL;
    unit_thread_one_of(0);
    assert_int_equal(background_create("fp-test", &b), ERR_THREAD);
    assert_null(b);
    unit_thread_one_of(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroying_none_does_no_harm),
        cmocka_unit_test_setup_teardown(task_runs_in_the_other_thread, begin, end),
        cmocka_unit_test_setup_teardown(tasks_run_in_the_order_they_were_added, begin, end),
        cmocka_unit_test_setup_teardown(what_was_added_before_the_end_is_run, begin, end),
        cmocka_unit_test_setup_teardown(task_may_add_tasks, begin, end),
        cmocka_unit_test_setup_teardown(task_may_be_added_again_after_it_ran, begin, end),
        cmocka_unit_test_setup_teardown(each_of_many_adders_keeps_its_order, begin, end),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(missing_thread_is_told),
    };
    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
