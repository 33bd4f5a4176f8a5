#include "unit_sched.h"

#include "unit.h"

#include <stdio.h>

TEST(host_at_its_limit_lets_others_pass) {
    struct list_of l = {.pattern = "aaaaaaaab"};
    struct sched_flow *running[HOST_LIMIT];
    add(&l, 9, 1000, "");
    running[0] = assert_next(&l, 0);
    finish(assert_next(&l, 8));
    for (size_t i = 1; i < HOST_LIMIT; i++)
        running[i] = assert_next(&l, i);
    assert_none();
    finish(running[0]);
    running[0] = assert_next(&l, 4);
    assert_none();
    for (size_t i = 0; i < HOST_LIMIT; i++)
        finish(running[i]);
    end(&l);
}

/* The place is kept for the batch that waits longest, though another one asks first. */
TEST(place_at_a_host_goes_to_whom_was_parked_first) {
    struct list_of first = {.pattern = "a"}, second = {.pattern = "a"}, late = {.pattern = "a"};
    struct sched_flow *running[HOST_LIMIT];
    add(&first, HOST_LIMIT + 1, 1000, "");
    for (size_t i = 0; i < HOST_LIMIT; i++)
        running[i] = assert_next(&first, i);
    add(&second, 1, 1, "");
    finish(running[0]);
    add(&late, 1, 1, "");
    finish(assert_next(&first, HOST_LIMIT));
    finish(assert_next(&second, 0));
    for (size_t i = 1; i < HOST_LIMIT; i++)
        finish(running[i]);
    finish(assert_next(&late, 0));
    sched_batch_fini(&first.batch);
    sched_batch_fini(&second.batch);
    sched_batch_fini(&late.batch);
}

TEST(per_host_bounds_what_a_batch_sends_to_one_host) {
    struct list_of l = {.pattern = "a"};
    struct sched_batch_options options = options_of(&l, 3, 1000);
    options.per_host = 1;
    add_with(&l, &options, "");
    struct sched_flow *f = assert_next(&l, 0);
    assert_none();
    finish(f);
    finish(assert_next(&l, 1));
    finish(assert_next(&l, 2));
    sched_batch_fini(&l.batch);
}

TEST(per_host_above_the_default_holds_while_the_batch_is_there) {
    struct list_of l = {.pattern = "a"};
    struct sched_flow *running[HOST_LIMIT + 2];
    struct sched_batch_options options = options_of(&l, HOST_LIMIT + 3, 1000);
    options.per_host = HOST_LIMIT + 2;
    add_with(&l, &options, "");
    for (size_t i = 0; i < HOST_LIMIT + 2; i++)
        running[i] = assert_next(&l, i);
    assert_none();
    for (size_t i = 0; i < HOST_LIMIT + 2; i++)
        finish(running[i]);
    finish(assert_next(&l, HOST_LIMIT + 2));
    sched_batch_fini(&l.batch);
    assert_null(sched_find_host(&sched, "a"));
}

/* The batches that stay keep the host, and must not keep what another one asked for. */
TEST(per_host_above_the_default_leaves_with_its_batch) {
    struct list_of stays = {.pattern = "a"}, most = {.pattern = "a"}, more = {.pattern = "a"};
    struct sched_batch_options options = options_of(&most, 1, 1000);
    add(&stays, 1, 1000, "");
    options.per_host = HOST_LIMIT + 9;
    add_with(&most, &options, "");
    options = options_of(&more, 1, 1000);
    options.per_host = HOST_LIMIT + 2;
    add_with(&more, &options, "");
    const struct sched_host *h = sched_find_host(&sched, "a");
    assert_int_equal(sched_host_max_concurrent(&sched, h), HOST_LIMIT + 9);
    end(&most);
    assert_int_equal(sched_host_max_concurrent(&sched, h), HOST_LIMIT + 2);
    end(&more);
    assert_int_equal(sched_host_max_concurrent(&sched, h), HOST_LIMIT);
    end(&stays);
}

TEST(delay_of_a_host_holds_for_all_batches) {
    struct list_of l = {.pattern = "a"}, other = {.pattern = "a"};
    assert_int_equal(sched_limit_host(&sched, "a", SCHED_HOST_DEFAULT, 50, now_ms), ERR_NONE);
    add(&l, 2, 1000, "");
    add(&other, 1, 1, "");
    finish(assert_next(&l, 0));
    assert_none();
    assert_int_equal(sched_next_due(&sched), now_ms + 51); /* now_ms is rounded down */
    now_ms += 51;
    sched_advance(&sched, now_ms);
    finish(assert_next(&l, 1)); /* it was parked first */
    assert_none();
    now_ms += 51;
    sched_advance(&sched, now_ms);
    finish(assert_next(&other, 0));
    sched_batch_fini(&l.batch);
    sched_batch_fini(&other.batch);
    assert_int_equal(sched_limit_host(&sched, "a", SCHED_HOST_DEFAULT, SCHED_HOST_DEFAULT, now_ms), ERR_NONE);
}

TEST(delay_of_a_batch_holds_for_each_of_its_hosts) {
    struct list_of l = {.pattern = "ab"};
    struct sched_batch_options options = options_of(&l, 4, 1000);
    options.host_delay_ms = 30;
    add_with(&l, &options, "");
    finish(assert_next(&l, 0));
    finish(assert_next(&l, 1));
    now_ms += 30;
    sched_advance(&sched, now_ms);
    assert_none(); /* now_ms is rounded down: not early */
    now_ms += 1;
    sched_advance(&sched, now_ms);
    finish(assert_next(&l, 2));
    finish(assert_next(&l, 3));
    sched_batch_fini(&l.batch);
}

TEST(paused_host_starts_nothing_until_its_time_is_over) {
    struct list_of l = {.pattern = "ab"};
    assert_int_equal(sched_pause_host(&sched, "a", now_ms + 100, false, now_ms), ERR_NONE);
    assert_int_equal(sched_pause_host(&sched, "a", now_ms + 10, false, now_ms), ERR_NONE); /* not shorter */
    add(&l, 2, 1000, "");
    finish(assert_next(&l, 1));
    assert_none();
    assert_false(sched_can_pick(&sched));
    now_ms += 100;
    sched_advance(&sched, now_ms);
    finish(assert_next(&l, 0));
    sched_batch_fini(&l.batch);
    assert_null(sched_find_host(&sched, "a"));
}

TEST(host_paused_by_hand_starts_when_it_is_resumed) {
    struct list_of l = {.pattern = "a"};
    add(&l, 1, 1, "");
    assert_int_equal(sched_pause_host(&sched, "a", CLOCK_NEVER, true, now_ms), ERR_NONE);
    assert_none();
    assert_int_equal(sched_next_due(&sched), CLOCK_NEVER);
    assert_int_equal(sched_pause_host(&sched, "a", 0, true, now_ms), ERR_NONE);
    finish(assert_next(&l, 0));
    sched_batch_fini(&l.batch);
}

TEST(item_whose_deadline_comes_before_the_end_of_the_pause_is_doomed) {
    struct list_of hurried = {.pattern = "ab"}, patient = {.pattern = "a"};
    struct sched_batch_options options = options_of(&hurried, 4, 1000);
    size_t index;
    struct sched_again *again;
    options.deadline_ms = now_ms + 50;
    add_with(&hurried, &options, "");
    add(&patient, 1, 1, "");
    struct sched_flow *f = assert_next(&hurried, 0);
    assert_int_equal(sched_pause_host(&sched, "a", now_ms + 100, false, now_ms), ERR_NONE);
    finish(f);
    finish(assert_next(&hurried, 1));
    finish(assert_next(&hurried, 3));
    assert_none();
    assert_true(sched_has_doomed(&sched));
    assert_ptr_equal(sched_take_doomed(&sched, now_ms, &index, &again), &hurried.batch);
    assert_int_equal(index, 2);
    assert_null(sched_take_doomed(&sched, now_ms, &index, &again));
    sched_batch_fini(&hurried.batch);
    end(&patient);
}

TEST(host_is_forgotten_when_nothing_has_to_be_remembered) {
    assert_int_equal(sched_limit_host(&sched, "a", 1, SCHED_HOST_DEFAULT, now_ms), ERR_NONE);
    assert_non_null(sched_find_host(&sched, "a"));
    assert_int_equal(sched_pause_host(&sched, "a", now_ms + 10, true, now_ms), ERR_NONE);
    assert_int_equal(sched_limit_host(&sched, "a", SCHED_HOST_DEFAULT, SCHED_HOST_DEFAULT, now_ms), ERR_NONE);
    assert_non_null(sched_find_host(&sched, "a"));
    now_ms += 10;
    sched_advance(&sched, now_ms);
    assert_null(sched_find_host(&sched, "a"));
}

TEST(hosts_that_are_remembered_are_bounded) {
    char name[32];
    for (int i = 0; i < SCHED_MAX_KEPT_HOSTS; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        assert_int_equal(sched_pause_host(&sched, name, now_ms + 10, false, now_ms), ERR_NONE);
    }
    assert_int_equal(sched_pause_host(&sched, "one more", now_ms + 10, false, now_ms), ERR_FULL);
    now_ms += 10;
    sched_advance(&sched, now_ms);
    assert_int_equal(sched.hosts.count, 0);
}

/* A host that there is no memory for limits nothing; the items are not lost. */
TEST(items_run_without_memory_for_their_host) {
    struct list_of l = {.pattern = "a"};
    const struct sched_batch_options options = options_of(&l, HOST_LIMIT + 1, 1000);
    struct sched_flow *running[HOST_LIMIT + 1];
    assert_int_equal(sched_batch_init(&l.batch, &options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &l.batch, ""), ERR_NONE);
    unit_fail_allocation(1);
    assert_false(sched_link(&sched, &l.batch, SIZE_MAX, now_ms));
    unit_fail_allocation(0);
    for (size_t i = 0; i <= HOST_LIMIT; i++)
        running[i] = assert_next(&l, i);
    for (size_t i = 0; i <= HOST_LIMIT; i++)
        finish(running[i]);
    sched_batch_fini(&l.batch);
}

#define SCHED_TEST(name) cmocka_unit_test_setup_teardown(name, unit_sched_begin, unit_sched_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCHED_TEST(host_at_its_limit_lets_others_pass),
        SCHED_TEST(place_at_a_host_goes_to_whom_was_parked_first),
        SCHED_TEST(per_host_bounds_what_a_batch_sends_to_one_host),
        SCHED_TEST(per_host_above_the_default_holds_while_the_batch_is_there),
        SCHED_TEST(per_host_above_the_default_leaves_with_its_batch),
        SCHED_TEST(delay_of_a_host_holds_for_all_batches),
        SCHED_TEST(delay_of_a_batch_holds_for_each_of_its_hosts),
        SCHED_TEST(paused_host_starts_nothing_until_its_time_is_over),
        SCHED_TEST(host_paused_by_hand_starts_when_it_is_resumed),
        SCHED_TEST(item_whose_deadline_comes_before_the_end_of_the_pause_is_doomed),
        SCHED_TEST(host_is_forgotten_when_nothing_has_to_be_remembered),
        SCHED_TEST(hosts_that_are_remembered_are_bounded),
        SCHED_TEST(items_run_without_memory_for_their_host),
    };
    return cmocka_run_group_tests_name("sched_hosts", tests, NULL, NULL);
}
