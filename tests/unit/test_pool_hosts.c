#include "pool/pool_hosts.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_batch.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 16, LONG_MS = 60 * 1000, MANY = 10, OLD_HOSTS = 300, NEW_HOSTS = 5000 };

static struct unit_pool pool;

static int begin(void **state) {
    (void)state;
    unit_pool_create(&pool, WORKERS, UNIT_BATCH_ITEMS, LONG_MS);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_pool_destroy(&pool);
    return 0;
}

/* ---- what tests do ---- */

static size_t host_of(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]) {
    (void)index;
    memcpy(ret_name, arg, strlen(arg));
    return strlen(arg);
}

/* Items that all lead to that host. */
static void submit_with(struct unit_batch *b, const char *host, size_t count, int64_t deadline_ms,
                        void (*on_run)(struct unit_batch *b, size_t index)) {
    const struct sched_batch_options options = {
        .count = count,
        .max_concurrent = MANY,
        .deadline_ms = deadline_ms,
        .host_of = host_of,
        .arg = (void *)(uintptr_t)host,
    };
    unit_batch_init(b, count, MANY);
    const struct batch_ops *ops = b->batch.ops;
    batch_fini(&b->batch);
    assert_int_equal(batch_init_by_host(&b->batch, ops, &options), ERR_NONE);
    b->on_run = on_run;
    unit_batch_submit(b, &pool);
}

static void submit(struct unit_batch *b, const char *host, size_t count, int64_t deadline_ms) {
    submit_with(b, host, count, deadline_ms, unit_batch_wait_go);
}

static void let_go(struct unit_batch *b) {
    for (size_t i = 0; i < b->count; i++)
        sem_post(&b->go);
    unit_batch_end(b);
}

static void wait_started(struct unit_batch *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        thread_wait(&b->started);
}

static struct pool_host set(const char *name, struct pool_host_change change) {
    struct pool_host host;
    assert_int_equal(pool_set_host(pool.pool, name, &change, &host), ERR_NONE);
    return host;
}

static struct pool_host limit(const char *name, int64_t max_concurrent) {
    return set(name, (struct pool_host_change){.set_max_concurrent = true, .max_concurrent = max_concurrent});
}

static struct pool_host pause_until(const char *name, int64_t until_ms) {
    return set(name, (struct pool_host_change){.set_pause = true, .paused_until_ms = until_ms});
}

static struct pool_host find(const char *name) {
    struct pool_host host;
    pool_find_host(pool.pool, name, &host);
    assert_string_equal(host.name, name);
    return host;
}

static size_t count_known(void) {
    struct pool_host host;
    size_t count, total;
    pool_list_hosts(pool.pool, 1, &host, &count, &total);
    assert_int_equal(count, total > 0);
    return total;
}

/* ---- one host ---- */

TEST(unknown_host_has_what_the_settings_say) {
    struct pool_host host = find("example.com");
    assert_int_equal(host.running, 0);
    assert_int_equal(host.waiting, 0);
    assert_int_equal(host.max_concurrent, UNIT_BATCH_ITEMS);
    assert_int_equal(host.delay_ms, 0);
    assert_false(host.max_concurrent_by_hand || host.delay_by_hand);
    assert_int_equal(host.paused_until_ms, 0);
    assert_int_equal(count_known(), 0);
}

TEST(change_leaves_alone_what_is_not_marked) {
    struct pool_host host = limit("a", 3);
    assert_int_equal(host.max_concurrent, 3);
    assert_true(host.max_concurrent_by_hand && !host.delay_by_hand);
    host = set("a", (struct pool_host_change){.set_delay = true, .delay_ms = 20});
    assert_int_equal(host.max_concurrent, 3);
    assert_int_equal(host.delay_ms, 20);
    assert_true(host.max_concurrent_by_hand && host.delay_by_hand);
    host = pause_until("a", CLOCK_NEVER);
    assert_true(host.paused_until_ms == CLOCK_NEVER);
    host = limit("a", POOL_HOST_DEFAULT);
    assert_int_equal(host.max_concurrent, UNIT_BATCH_ITEMS);
    assert_int_equal(host.delay_ms, 20);
    assert_true(host.paused_until_ms == CLOCK_NEVER);
    host = pause_until("a", 0);
    assert_int_equal(host.paused_until_ms, 0);
    assert_int_equal(host.delay_ms, 20);
    assert_int_equal(count_known(), 1);
}

TEST(host_is_forgotten_when_all_is_given_back) {
    struct pool_host host =
        set("a", (struct pool_host_change){true, true, true, CLOCK_NEVER, .max_concurrent = 2, .delay_ms = 5});
    assert_int_equal(host.max_concurrent, 2);
    assert_int_equal(count_known(), 1);
    host = set("a", (struct pool_host_change){true, true, true, 0, POOL_HOST_DEFAULT, POOL_HOST_DEFAULT});
    assert_int_equal(host.max_concurrent, UNIT_BATCH_ITEMS);
    assert_string_equal(host.name, "a");
    assert_int_equal(count_known(), 0);
}

static void set_limits(uint32_t host_max_concurrent) {
    const struct pool_limits limits = {.max_waiting = UNIT_BATCH_ITEMS,
                                       .idle_timeout_ms = LONG_MS,
                                       .hosts = {.host_max_concurrent = host_max_concurrent}};
    pool_set_limits(pool.pool, &limits);
}

TEST(limits_of_all_hosts_may_change_while_they_are_used) {
    struct unit_batch a, b;
    set_limits(1);
    limit("b", 2);
    submit(&a, "a", 5, CLOCK_NEVER);
    submit(&b, "b", 5, CLOCK_NEVER);
    wait_started(&a, 1);
    wait_started(&b, 2);
    assert_int_equal(find("a").running, 1);
    set_limits(3);
    wait_started(&a, 2);
    assert_int_equal(find("a").running, 3);
    assert_int_equal(find("a").max_concurrent, 3);
    assert_int_equal(find("b").running, 2); /* set by hand */
    set_limits(1);
    assert_int_equal(find("a").running, 3);
    assert_int_equal(find("a").max_concurrent, 1);
    let_go(&a);
    let_go(&b);
}

TEST(limit_set_by_hand_bounds_what_starts_and_raising_it_starts_more_at_once) {
    struct unit_batch b;
    limit("a", 1);
    submit(&b, "a", 5, CLOCK_NEVER);
    wait_started(&b, 1);
    struct pool_host host = find("a");
    assert_int_equal(host.running, 1);
    assert_int_equal(host.waiting, 4);
    limit("a", 3);
    wait_started(&b, 2);
    host = find("a");
    assert_int_equal(host.running, 3);
    assert_int_equal(host.waiting, 2);
    limit("a", POOL_HOST_DEFAULT);
    wait_started(&b, 2);
    let_go(&b);
    assert_int_equal(b.most_running, 5);
    assert_int_equal(count_known(), 0);
}

TEST(paused_host_starts_nothing_until_it_is_resumed) {
    struct unit_batch b, other;
    submit(&b, "a", 2 * MANY, CLOCK_NEVER);
    wait_started(&b, MANY);
    pause_until("a", CLOCK_NEVER);
    submit(&other, "b", 1, CLOCK_NEVER);
    for (size_t i = 0; i < MANY; i++)
        sem_post(&b.go);
    wait_started(&other, 1);
    let_go(&other);
    while (find("a").running > 0)
        sched_yield();
    assert_int_equal(find("a").waiting, MANY);
    pause_until("a", 0);
    wait_started(&b, MANY);
    let_go(&b);
}

TEST(pause_ends_by_itself) {
    struct unit_batch b;
    int64_t until_ms = clock_after_ms(30);
    pause_until("a", until_ms);
    submit(&b, "a", 1, CLOCK_NEVER);
    wait_started(&b, 1);
    assert_true(clock_now_ms() >= until_ms);
    assert_int_equal(find("a").paused_until_ms, 0);
    let_go(&b);
}

TEST(items_without_time_to_wait_for_the_end_of_a_pause_end_at_once) {
    struct unit_batch b, patient;
    limit("a", 1);
    submit(&patient, "a", 1, CLOCK_NEVER);
    wait_started(&patient, 1);
    submit(&b, "a", 3, clock_now_ms() + LONG_MS);
    assert_int_equal(find("a").waiting, 3);
    pause_until("a", CLOCK_NEVER);
    thread_wait(&b.done);
    assert_int_equal(unit_batch_count_skipped(&b), 3);
    assert_int_equal(b.reason, FETCH_HOST_PAUSED);
    unit_batch_fini(&b);
    let_go(&patient);
    assert_int_equal(find("a").running, 0);
}

static void *change_again_and_again(void *arg) {
    atomic_bool *stop = arg;
    while (!atomic_load(stop)) {
        limit("a", 1);
        pause_until("a", CLOCK_NEVER);
        limit("a", 3);
        pause_until("a", 0);
        limit("a", POOL_HOST_DEFAULT);
        pause_until("a", clock_after_ms(1));
    }
    return NULL;
}

TEST(no_item_is_lost_while_its_host_changes) {
    struct unit_batch batches[4];
    atomic_bool stop = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, change_again_and_again, &stop), 0);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < 4; i++)
            submit_with(&batches[i], i < 3 ? "a" : "b", 30, CLOCK_NEVER, NULL);
        for (size_t i = 0; i < 4; i++)
            unit_batch_end(&batches[i]);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    pause_until("a", 0);
    assert_int_equal(count_known(), 0);
}

TEST(host_without_memory_is_not_changed) {
    struct pool_host host;
    const struct pool_host_change changes[] = {
        {.set_pause = true, .paused_until_ms = CLOCK_NEVER},
        {.set_max_concurrent = true, .max_concurrent = 1},
        {.set_delay = true, .delay_ms = 1, .set_pause = true},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        unit_fail_allocation(1);
        enum err err = pool_set_host(pool.pool, "a", &changes[i], &host);
        unit_fail_allocation(0);
        assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(count_known(), 0);
    }
}

TEST(hosts_that_are_remembered_are_bounded) {
    struct pool_host host;
    char name[32];
    for (int i = 0; i < SCHED_MAX_KEPT_HOSTS; i++) {
        (void)snprintf(name, sizeof name, "h%d", i);
        limit(name, 1);
    }
    const struct pool_host_change change = {.set_max_concurrent = true, .max_concurrent = 1};
    assert_int_equal(pool_set_host(pool.pool, "one.more", &change, &host), ERR_FULL);
    assert_int_equal(limit("h7", 2).max_concurrent, 2);
    pause_until("one.more", 0);
    limit("one.more", POOL_HOST_DEFAULT);
    assert_int_equal(count_known(), SCHED_MAX_KEPT_HOSTS);
    limit("h7", POOL_HOST_DEFAULT);
    assert_int_equal(limit("one.more", 1).max_concurrent, 1);
}

/* ---- all hosts ---- */

TEST(busiest_hosts_are_listed_first) {
    struct unit_batch busy, busier;
    struct pool_host hosts[8];
    size_t count, total;
    submit(&busy, "busy", 3, CLOCK_NEVER);
    submit(&busier, "busier", MANY + 2, CLOCK_NEVER);
    limit("z", 1);
    limit("y", 1);
    limit("x", 1);
    wait_started(&busier, MANY);
    pool_list_hosts(pool.pool, 8, hosts, &count, &total);
    static const char *const expected[] = {"busier", "busy", "x", "y", "z"};
    assert_int_equal(count, 5);
    assert_int_equal(total, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(hosts[i].name, expected[i]);
    assert_int_equal(hosts[0].running, MANY);
    assert_int_equal(hosts[0].waiting, 2);
    assert_int_equal(hosts[1].running + hosts[1].waiting, 3);
    assert_int_equal(hosts[2].max_concurrent, 1);
    pool_list_hosts(pool.pool, 2, hosts, &count, &total);
    assert_int_equal(count, 2);
    assert_int_equal(total, 5);
    assert_string_equal(hosts[0].name, "busier");
    assert_string_equal(hosts[1].name, "busy");
    let_go(&busy);
    let_go(&busier);
}

static void limit_numbered(char kind, int count) {
    char name[32];
    for (int i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%c%d", kind, i);
        limit(name, 1);
    }
}

static void *add_new_hosts(void *arg) {
    (void)arg;
    limit_numbered('n', NEW_HOSTS);
    return NULL;
}

/* Each of the old hosts is there once, and no host twice. Hosts of equal work stand in the order of their names. */
static void assert_listed_once(const struct pool_host *hosts, size_t count) {
    size_t old = 0;
    for (size_t i = 0; i < count; i++) {
        old += hosts[i].name[0] == 'o';
        if (i > 0)
            assert_true(strcmp(hosts[i - 1].name, hosts[i].name) < 0);
    }
    assert_int_equal(old, OLD_HOSTS);
}

TEST(hosts_are_listed_once_while_their_table_grows) {
    struct pool_host *hosts = calloc(OLD_HOSTS + NEW_HOSTS, sizeof *hosts);
    size_t count = 0, total;
    pthread_t thread;
    assert_non_null(hosts);
    limit_numbered('o', OLD_HOSTS);
    assert_int_equal(pthread_create(&thread, NULL, add_new_hosts, NULL), 0);
    while (count < OLD_HOSTS + NEW_HOSTS) {
        pool_list_hosts(pool.pool, OLD_HOSTS + NEW_HOSTS, hosts, &count, &total);
        assert_int_equal(count, total);
        assert_listed_once(hosts, count);
    }
    pthread_join(thread, NULL);
    free(hosts);
}

#define HOSTS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(unknown_host_has_what_the_settings_say),
        HOSTS_TEST(change_leaves_alone_what_is_not_marked),
        HOSTS_TEST(host_is_forgotten_when_all_is_given_back),
        HOSTS_TEST(limits_of_all_hosts_may_change_while_they_are_used),
        HOSTS_TEST(limit_set_by_hand_bounds_what_starts_and_raising_it_starts_more_at_once),
        HOSTS_TEST(paused_host_starts_nothing_until_it_is_resumed),
        HOSTS_TEST(pause_ends_by_itself),
        HOSTS_TEST(items_without_time_to_wait_for_the_end_of_a_pause_end_at_once),
        HOSTS_TEST(no_item_is_lost_while_its_host_changes),
        HOSTS_TEST(host_without_memory_is_not_changed),
        HOSTS_TEST(hosts_that_are_remembered_are_bounded),
        HOSTS_TEST(busiest_hosts_are_listed_first),
        HOSTS_TEST(hosts_are_listed_once_while_their_table_grows),
    };
    return cmocka_run_group_tests_name("pool_hosts", tests, NULL, NULL);
}
