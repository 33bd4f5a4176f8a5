#include "unit_sched.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>

enum { ITEMS = 200 };

TEST(items_of_one_batch_come_in_their_order) {
    struct list_of l = {.pattern = NULL};
    add(&l, 3, 3, "");
    for (size_t i = 0; i < 3; i++)
        finish(assert_next(&l, i));
    assert_none();
    sched_batch_fini(&l.batch);
}

TEST(no_more_items_run_than_there_are_permits) {
    struct list_of l = {.pattern = NULL};
    add(&l, 3, 2, "");
    struct sched_flow *first = assert_next(&l, 0);
    struct sched_flow *second = assert_next(&l, 1);
    assert_none();
    finish(first);
    struct sched_flow *third = assert_next(&l, 2);
    finish(second);
    finish(third);
    sched_batch_fini(&l.batch);
}

TEST(callers_take_turns_whatever_the_number_of_their_batches) {
    struct list_of of_anna[3] = {{.pattern = NULL}};
    struct list_of of_bert = {.pattern = NULL};
    unsigned annas = 0, berts = 0;
    size_t index;
    for (int i = 0; i < 3; i++)
        add(&of_anna[i], ITEMS, 1000, "anna");
    add(&of_bert, ITEMS, 1000, "bert");
    for (int i = 0; i < 60; i++) {
        struct sched_flow *f = pick(&index);
        berts += f->batch == &of_bert.batch;
        annas += f->batch != &of_bert.batch;
        finish(f);
    }
    assert_int_equal(annas, 30);
    assert_int_equal(berts, 30);
    for (int i = 0; i < 3; i++)
        end(&of_anna[i]);
    end(&of_bert);
}

TEST(batches_of_a_caller_take_turns) {
    struct list_of large = {.pattern = NULL}, small = {.pattern = NULL};
    add(&large, ITEMS, 1000, "anna");
    finish(assert_next(&large, 0));
    add(&small, 2, 1000, "anna");
    finish(assert_next(&large, 1));
    finish(assert_next(&small, 0));
    finish(assert_next(&large, 2));
    finish(assert_next(&small, 1));
    finish(assert_next(&large, 3));
    sched_batch_fini(&small.batch);
    end(&large);
}

TEST(hosts_of_a_batch_take_turns) {
    struct list_of l = {.pattern = "aaaaab"};
    add(&l, 12, 1000, "");
    static const size_t order[] = {0, 5, 1, 11, 2, 3, 4, 6, 7, 8, 9, 10};
    for (size_t i = 0; i < 12; i++)
        finish(assert_next(&l, order[i]));
    sched_batch_fini(&l.batch);
}

/* The held batch stands first at the host; the place must not lie idle for it. */
TEST(held_batch_does_not_keep_a_place_from_others) {
    struct list_of full = {.pattern = "a"}, held = {.pattern = "a"}, other = {.pattern = "a"};
    struct sched_flow *running[HOST_LIMIT];
    add(&full, HOST_LIMIT, 1000, "");
    for (size_t i = 0; i < HOST_LIMIT; i++)
        running[i] = assert_next(&full, i);
    add(&held, 1, 1, "");
    add(&other, 1, 1, "");
    sched_hold(&sched, &held.batch, SCHED_NO_ITEM, now_ms);
    finish(running[0]);
    finish(assert_next(&other, 0));
    assert_none();
    sched_release(&sched, &held.batch);
    finish(assert_next(&held, 0));
    for (size_t i = 1; i < HOST_LIMIT; i++)
        finish(running[i]);
    sched_batch_fini(&full.batch);
    sched_batch_fini(&held.batch);
    sched_batch_fini(&other.batch);
}

TEST(held_batch_may_start_the_item_that_is_wanted) {
    struct list_of l = {.pattern = "ab"};
    add(&l, 6, 1000, "");
    finish(assert_next(&l, 0));
    finish(assert_next(&l, 1));
    sched_hold(&sched, &l.batch, 2, now_ms);
    finish(assert_next(&l, 2));
    assert_none();
    sched_hold(&sched, &l.batch, 3, now_ms);
    finish(assert_next(&l, 3));
    assert_none();
    sched_release(&sched, &l.batch);
    finish(assert_next(&l, 4));
    finish(assert_next(&l, 5));
    sched_batch_fini(&l.batch);
}

/* Counted in the time of this thread's processor: milliseconds, where a look through all of them for each takes many
 * seconds. */
TEST(retries_of_a_held_batch_cost_little_however_many_they_are) {
    enum { MANY = 50000, DUE_MS = 1000 };
    struct sched_again *agains = calloc(MANY, sizeof *agains);
    struct list_of l = {.pattern = NULL};
    struct sched_again *again;
    size_t index;
    assert_non_null(agains);
    add(&l, MANY, 2, "");
    struct sched_flow *wanted = assert_next(&l, 0);
    for (size_t i = 1; i < MANY; i++) {
        agains[i].index = i;
        sched_finish(&sched, assert_next(&l, i), &agains[i], now_ms + DUE_MS, now_ms);
    }
    sched_hold(&sched, &l.batch, 0, now_ms);
    now_ms += DUE_MS;
    clock_t began = clock();
    sched_advance(&sched, now_ms);
    assert_true(clock() - began < CLOCKS_PER_SEC);
    assert_none();
    agains[0].index = 0;
    sched_finish(&sched, wanted, &agains[0], now_ms, now_ms);
    struct sched_flow *f = sched_pick(&sched, now_ms, &index, &again);
    assert_non_null(f);
    assert_ptr_equal(again, &agains[0]);
    finish(f);
    end(&l);
    free(agains);
}

TEST(item_that_runs_again_waits_for_its_time_and_goes_first) {
    struct list_of l = {.pattern = "a"};
    struct sched_again again = {.index = 0}, *got;
    size_t index;
    add(&l, 3, 1, "");
    sched_finish(&sched, assert_next(&l, 0), &again, now_ms + 20, now_ms);
    assert_int_equal(sched.waiting, 3);
    finish(assert_next(&l, 1));
    now_ms += 20;
    sched_advance(&sched, now_ms);
    struct sched_flow *f = sched_pick(&sched, now_ms, &index, &got);
    assert_int_equal(index, 0);
    assert_ptr_equal(got, &again);
    finish(f);
    finish(assert_next(&l, 2));
    sched_batch_fini(&l.batch);
}

TEST(closed_batch_gives_back_what_waits_for_being_run_again) {
    struct list_of l = {.pattern = "ab"};
    struct sched_again agains[2] = {{.index = 0}, {.index = 1}}, *again;
    size_t index, found = 0;
    add(&l, 4, 1000, "");
    sched_finish(&sched, assert_next(&l, 0), &agains[0], now_ms + 20, now_ms);
    sched_finish(&sched, assert_next(&l, 1), &agains[1], now_ms, now_ms);
    for (size_t left = sched_close(&sched, &l.batch, now_ms); left > 0; left--) {
        sched_take_closed(&sched, &l.batch, now_ms, &index, &again);
        assert_true(again == (index < 2 ? &agains[index] : NULL));
        found |= (size_t)1 << index;
    }
    assert_int_equal(found, 15);
    assert_int_equal(sched_next_due(&sched), CLOCK_NEVER);
    sched_batch_fini(&l.batch);
}

TEST(batch_of_many_hosts_is_linked_in_slices) {
    struct list_of l = {.pattern = "abcde"};
    const struct sched_batch_options options = options_of(&l, 10, 1000);
    assert_int_equal(sched_batch_init(&l.batch, &options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &l.batch, ""), ERR_NONE);
    assert_int_equal(sched.waiting, 10);
    assert_true(sched_link(&sched, &l.batch, 2, now_ms));
    finish(assert_next(&l, 0));
    finish(assert_next(&l, 1));
    finish(assert_next(&l, 5));
    finish(assert_next(&l, 6));
    assert_none();
    end(&l);
}

static void init_and_fini(void) {
    struct list_of l = {.pattern = "abc"};
    const struct sched_batch_options options = options_of(&l, 9, 1);
    if (sched_batch_init(&l.batch, &options) == ERR_NONE)
        sched_batch_fini(&l.batch);
}

TEST(memory_that_runs_out_leaves_nothing_behind) {
    unit_fail_each_allocation(init_and_fini);
}

#define SCHED_TEST(name) cmocka_unit_test_setup_teardown(name, unit_sched_begin, unit_sched_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCHED_TEST(items_of_one_batch_come_in_their_order),
        SCHED_TEST(no_more_items_run_than_there_are_permits),
        SCHED_TEST(callers_take_turns_whatever_the_number_of_their_batches),
        SCHED_TEST(batches_of_a_caller_take_turns),
        SCHED_TEST(hosts_of_a_batch_take_turns),
        SCHED_TEST(held_batch_does_not_keep_a_place_from_others),
        SCHED_TEST(held_batch_may_start_the_item_that_is_wanted),
        SCHED_TEST(retries_of_a_held_batch_cost_little_however_many_they_are),
        SCHED_TEST(item_that_runs_again_waits_for_its_time_and_goes_first),
        SCHED_TEST(closed_batch_gives_back_what_waits_for_being_run_again),
        SCHED_TEST(batch_of_many_hosts_is_linked_in_slices),
        SCHED_TEST(memory_that_runs_out_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
