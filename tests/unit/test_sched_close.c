/* Closing takes its time: between two slices of a large batch, timers go on and workers look for work. */
#include "unit_sched.h"

#include "unit.h"

#include <string.h>

static size_t take(struct list_of *l, struct sched_again **ret_again) {
    size_t index;
    sched_take_closed(&sched, &l->batch, now_ms, &index, ret_again);
    return index;
}

static void finish_again(struct sched_flow *f, struct sched_again *a, size_t index, int64_t at_ms) {
    memset(a, 0, sizeof *a);
    a->index = index;
    sched_finish(&sched, f, a, at_ms, now_ms);
}

TEST(closed_batch_gives_each_item_back_once) {
    struct list_of l = {.pattern = "ab-"};
    struct sched_again again, *got;
    add(&l, 6, 1000, "");
    finish_again(assert_next(&l, 0), &again, 0, now_ms + 10);
    struct sched_flow *running = assert_next(&l, 1);
    assert_int_equal(sched_close(&sched, &l.batch, now_ms), 5);
    unsigned seen = 0;
    for (int i = 0; i < 5; i++) {
        size_t index = take(&l, &got);
        assert_ptr_equal(got, index == 0 ? &again : NULL);
        seen |= 1U << index;
    }
    assert_int_equal(seen, 0x3d);
    finish(running);
    assert_int_equal(sched_next_due(&sched), CLOCK_NEVER);
    sched_batch_fini(&l.batch);
}

/* A worker that looks for doomed items must leave those of a closed batch to whoever has closed it. */
TEST(closed_batch_has_no_doomed_items) {
    struct list_of l = {.pattern = "a"}, other = {.pattern = "a"};
    struct sched_batch_options options = options_of(&l, 2, 1000);
    struct sched_again *again;
    size_t index;
    options.deadline_ms = now_ms + 50;
    assert_int_equal(sched_pause_host(&sched, "a", now_ms + 100, false, now_ms), ERR_NONE);
    add_with(&l, &options, "");
    add_with(&other, &options, "");
    assert_int_equal(sched_close(&sched, &l.batch, now_ms), 2);
    assert_ptr_equal(sched_take_doomed(&sched, now_ms, &index, &again), &other.batch);
    assert_ptr_equal(sched_take_doomed(&sched, now_ms, &index, &again), &other.batch);
    assert_null(sched_take_doomed(&sched, now_ms, &index, &again));
    assert_false(sched_has_doomed(&sched));
    assert_int_equal(take(&l, &again), 0);
    assert_int_equal(take(&l, &again), 1);
    sched_batch_fini(&l.batch);
    sched_batch_fini(&other.batch);
}

/* What was given back belongs to its owner, who frees it: nothing may lead there any more. */
TEST(retry_that_comes_due_while_its_batch_is_taken_apart_touches_no_other) {
    struct list_of l = {.pattern = "a"};
    struct sched_again agains[3], *got;
    add(&l, 3, 1000, "");
    for (size_t i = 0; i < 3; i++)
        finish_again(assert_next(&l, i), &agains[i], i, now_ms + 10 * (int64_t)(i + 1));
    assert_int_equal(sched_close(&sched, &l.batch, now_ms), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(take(&l, &got), i);
        assert_ptr_equal(got, &agains[i]);
        struct sched_again freed;
        memset(&freed, 0xa5, sizeof freed);
        agains[i] = freed;
        now_ms += i == 0 ? 20 : 10;
        sched_advance(&sched, now_ms);
        assert_memory_equal(&agains[i], &freed, sizeof freed);
    }
    sched_batch_fini(&l.batch);
}

/* Hosts are linked a slice at a time; what was not linked yet is given back as well. */
TEST(batch_may_be_closed_while_it_is_being_linked) {
    struct list_of l = {.pattern = "abcd"};
    const struct sched_batch_options options = options_of(&l, 8, 1000);
    struct sched_again *again;
    assert_int_equal(sched_batch_init(&l.batch, &options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &l.batch, ""), ERR_NONE);
    assert_true(sched_link(&sched, &l.batch, 2, now_ms));
    struct sched_flow *f = assert_next(&l, 0);
    assert_int_equal(sched_close(&sched, &l.batch, now_ms), 7);
    unsigned seen = 0;
    for (int i = 0; i < 4; i++)
        seen |= 1U << take(&l, &again);
    assert_false(sched_link(&sched, &l.batch, 2, now_ms));
    for (int i = 0; i < 3; i++)
        seen |= 1U << take(&l, &again);
    assert_int_equal(seen, 0xfe);
    finish(f);
    assert_int_equal(sched.hosts.count, 0);
    sched_batch_fini(&l.batch);
}

TEST(batch_that_is_done_may_still_be_linked_to_the_end) {
    struct list_of l = {.pattern = "abcd"};
    const struct sched_batch_options options = options_of(&l, 4, 1000);
    struct sched_again *again;
    assert_int_equal(sched_batch_init(&l.batch, &options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &l.batch, ""), ERR_NONE);
    assert_true(sched_link(&sched, &l.batch, 1, now_ms));
    for (size_t left = sched_close(&sched, &l.batch, now_ms); left > 0; left--)
        (void)take(&l, &again);
    assert_false(sched_link(&sched, &l.batch, 1, now_ms));
    sched_batch_fini(&l.batch);
}

#define SCHED_TEST(name) cmocka_unit_test_setup_teardown(name, unit_sched_begin, unit_sched_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCHED_TEST(closed_batch_gives_each_item_back_once),
        SCHED_TEST(closed_batch_has_no_doomed_items),
        SCHED_TEST(retry_that_comes_due_while_its_batch_is_taken_apart_touches_no_other),
        SCHED_TEST(batch_may_be_closed_while_it_is_being_linked),
        SCHED_TEST(batch_that_is_done_may_still_be_linked_to_the_end),
    };
    return cmocka_run_group_tests_name("sched_close", tests, NULL, NULL);
}
