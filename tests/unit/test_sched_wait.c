#include "pool/sched_wait.h"

#include "pool/sched.h"
#include "unit.h"
#include "unit_sched.h"

#include <string.h>

/* ---- crowds ---- */

TEST(crowd_takes_its_items_to_another_reason) {
    struct sched_waits waits = {{0}};
    struct sched_crowd one = {.why = SCHED_WAIT_HOST}, other = {.why = SCHED_WAIT_HOST};
    sched_wait_add(&waits, &one, 5);
    sched_wait_add(&waits, &other, 2);
    sched_wait_change(&waits, &one, SCHED_WAIT_PAUSE);
    sched_wait_take(&waits, &one, 1);
    assert_int_equal(waits.items[SCHED_WAIT_HOST], 2);
    assert_int_equal(waits.items[SCHED_WAIT_PAUSE], 4);
    sched_wait_change(&waits, &one, SCHED_WAIT_PAUSE);
    assert_int_equal(waits.items[SCHED_WAIT_PAUSE], 4);
}

/* ---- what items of the scheduler wait for ---- */

static void assert_waiting(enum sched_wait why, size_t items) {
    for (size_t i = 0; i < SCHED_WAIT_COUNT; i++)
        assert_int_equal(sched.waits.items[i], i == why ? items : 0);
}

TEST(what_could_start_waits_for_a_worker_and_then_for_its_batch) {
    struct list_of l = {.pattern = "-"};
    add(&l, 3, 1, "");
    assert_waiting(SCHED_WAIT_WORKER, 3);
    struct sched_flow *f = assert_next(&l, 0);
    assert_waiting(SCHED_WAIT_BATCH, 2);
    finish(f);
    assert_waiting(SCHED_WAIT_WORKER, 2);
    end(&l);
}

TEST(what_is_held_waits_for_its_reader) {
    struct list_of l = {.pattern = "-"};
    add(&l, 3, 1, "");
    sched_hold(&sched, &l.batch, SCHED_NO_ITEM, now_ms);
    assert_waiting(SCHED_WAIT_READER, 3);
    sched_release(&sched, &l.batch);
    assert_waiting(SCHED_WAIT_WORKER, 3);
    end(&l);
}

TEST(what_has_no_place_waits_for_its_host) {
    struct list_of l = {.pattern = "a"};
    struct sched_flow *f = NULL;
    size_t index;
    add(&l, HOST_LIMIT + 3, 100, "");
    for (int i = 0; i < HOST_LIMIT; i++)
        f = pick(&index);
    assert_waiting(SCHED_WAIT_HOST, 3);
    for (int i = 0; i < HOST_LIMIT; i++)
        finish(f);
    assert_waiting(SCHED_WAIT_WORKER, 3);
    end(&l);
}

TEST(what_its_batch_wants_spread_waits_for_its_host) {
    struct list_of l = {.pattern = "a"};
    struct sched_batch_options options = options_of(&l, 3, 100);
    options.per_host = 1;
    add_with(&l, &options, "");
    struct sched_flow *f = assert_next(&l, 0);
    assert_waiting(SCHED_WAIT_HOST, 2);
    finish(f);
    end(&l);
}

TEST(what_waits_for_the_delay_of_its_batch_waits_for_its_host) {
    struct list_of l = {.pattern = "a"};
    struct sched_batch_options options = options_of(&l, 3, 100);
    options.host_delay_ms = 10;
    add_with(&l, &options, "");
    finish(assert_next(&l, 0));
    assert_waiting(SCHED_WAIT_HOST, 2);
    now_ms += 20;
    sched_advance(&sched, now_ms);
    assert_waiting(SCHED_WAIT_WORKER, 2);
    end(&l);
}

TEST(what_is_parked_waits_for_the_end_of_a_pause) {
    struct list_of l = {.pattern = "a"};
    err_ignore(sched_pause_host(&sched, "a", now_ms + 100, true, now_ms));
    add(&l, 3, 1, "");
    assert_waiting(SCHED_WAIT_PAUSE, 3);
    now_ms += 100;
    sched_advance(&sched, now_ms);
    assert_waiting(SCHED_WAIT_WORKER, 3);
    end(&l);
}

TEST(what_cannot_outwait_a_pause_waits_for_that) {
    struct list_of l = {.pattern = "a"};
    struct sched_batch_options options = options_of(&l, 2, 100);
    struct sched_again *again;
    size_t index;
    options.deadline_ms = now_ms + 50;
    err_ignore(sched_pause_host(&sched, "a", now_ms + 100, true, now_ms));
    add_with(&l, &options, "");
    assert_waiting(SCHED_WAIT_PAUSE, 2);
    assert_ptr_equal(sched_take_doomed(&sched, now_ms, &index, &again), &l.batch);
    assert_waiting(SCHED_WAIT_PAUSE, 1);
    end(&l);
    now_ms += 100;
    sched_advance(&sched, now_ms);
}

TEST(what_is_to_be_tried_again_waits_for_that_time) {
    struct list_of l = {.pattern = "a"};
    struct sched_again again = {.index = 0};
    add(&l, 1, 1, "");
    sched_finish(&sched, assert_next(&l, 0), &again, now_ms + 10, now_ms);
    assert_waiting(SCHED_WAIT_RETRY, 1);
    now_ms += 10;
    sched_advance(&sched, now_ms);
    assert_waiting(SCHED_WAIT_WORKER, 1);
    end(&l);
}

/* Its time comes when it is no more among what may start. */
TEST(nothing_waits_once_all_of_a_closed_batch_are_taken) {
    struct list_of l = {.pattern = "ab"};
    struct sched_again again[2] = {{.index = 0}, {.index = 1}};
    struct sched_again *taken;
    size_t index;
    add(&l, 6, 2, "");
    sched_finish(&sched, assert_next(&l, 0), &again[0], now_ms + 10, now_ms);
    sched_finish(&sched, assert_next(&l, 1), &again[1], now_ms + 90, now_ms);
    size_t left = sched_close(&sched, &l.batch, now_ms);
    now_ms += 10;
    sched_advance(&sched, now_ms);
    assert_int_equal(left, 6);
    assert_int_equal(sched.waits.items[SCHED_WAIT_RETRY], 1);
    while (left-- > 0)
        sched_take_closed(&sched, &l.batch, now_ms, &index, &taken);
    assert_waiting(SCHED_WAIT_WORKER, 0);
    sched_batch_fini(&l.batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crowd_takes_its_items_to_another_reason),
#define SCHED_TEST(name) cmocka_unit_test_setup_teardown(name, unit_sched_begin, unit_sched_end)
        SCHED_TEST(what_could_start_waits_for_a_worker_and_then_for_its_batch),
        SCHED_TEST(what_is_held_waits_for_its_reader),
        SCHED_TEST(what_has_no_place_waits_for_its_host),
        SCHED_TEST(what_its_batch_wants_spread_waits_for_its_host),
        SCHED_TEST(what_waits_for_the_delay_of_its_batch_waits_for_its_host),
        SCHED_TEST(what_is_parked_waits_for_the_end_of_a_pause),
        SCHED_TEST(what_cannot_outwait_a_pause_waits_for_that),
        SCHED_TEST(what_is_to_be_tried_again_waits_for_that_time),
        SCHED_TEST(nothing_waits_once_all_of_a_closed_batch_are_taken),
    };
    return cmocka_run_group_tests_name("sched_wait", tests, NULL, NULL);
}
