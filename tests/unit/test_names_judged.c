/* Answers whose addresses were judged by rules that have changed since, and what is counted of answers. */
#include "pool/names.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_names.h"

#include <stdatomic.h>
#include <string.h>

static const struct unit_record records[] = {
    {.name = "a.test", .v4 = {"127.0.0.1"}, .ttl = 60},
    {.name = NULL},
};

static struct unit_names server;
static struct names *names;
static _Atomic uint64_t serial;
static _Atomic bool allowed, v4_allowed, v6_allowed;

static bool allows(void *arg, struct address a) {
    (void)arg;
    return atomic_load(&allowed) && atomic_load(address_is_v4(a) ? &v4_allowed : &v6_allowed);
}

static uint64_t read_serial(void *arg) {
    (void)arg;
    return atomic_load(&serial);
}

static int set_up(void **state) {
    (void)state;
    thread_init_signals();
    atomic_store(&allowed, true);
    atomic_store(&v4_allowed, true);
    atomic_store(&v6_allowed, true);
    unit_names_start(&server, records);
    const struct names_options options = {
        .servers = server.servers,
        .resolv_conf = "/dev/null",
        .timeout_ms = 10 * 1000,
        .max_cached = 10,
        .allows = allows,
        .serial = read_serial,
    };
    return names_create(&options, &names) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    names_destroy(names);
    unit_names_stop(&server);
    return 0;
}

static enum name_status look_up(const char *host) {
    struct name_answer *answer = NULL;
    assert_int_equal(names_lookup(names, host, CLOCK_NEVER, NULL, &answer), ERR_NONE);
    enum name_status status = answer->status;
    name_answer_unref(answer);
    return status;
}

static void change_rules(bool allow) {
    atomic_store(&allowed, allow);
    atomic_fetch_add(&serial, 1);
}

TEST(answer_is_kept_as_long_as_the_rules) {
    assert_int_equal(look_up("a.test"), NAME_FOUND);
    size_t queries = unit_names_queries(&server, "a.test");
    assert_int_equal(look_up("a.test"), NAME_FOUND);
    assert_int_equal(unit_names_queries(&server, "a.test"), queries);
    change_rules(false);
    assert_int_equal(look_up("a.test"), NAME_BLOCKED);
    change_rules(true);
    assert_int_equal(look_up("a.test"), NAME_FOUND);
    assert_int_equal(unit_names_queries(&server, "a.test"), 3 * queries);
}

TEST(answer_without_addresses_outlives_the_rules) {
    assert_int_equal(look_up("none.test"), NAME_NOT_FOUND);
    size_t queries = unit_names_queries(&server, "none.test");
    change_rules(false);
    assert_int_equal(look_up("none.test"), NAME_NOT_FOUND);
    assert_int_equal(unit_names_queries(&server, "none.test"), queries);
}

TEST(loopback_is_judged_each_time) {
    assert_int_equal(look_up("localhost"), NAME_FOUND);
    change_rules(false);
    assert_int_equal(look_up("a.localhost"), NAME_BLOCKED);
    change_rules(true);
    assert_int_equal(look_up("localhost"), NAME_FOUND);
}

static void assert_loopback(bool allow_v4, bool allow_v6, enum name_status status, const char *addresses) {
    struct name_answer *answer = NULL;
    atomic_store(&v4_allowed, allow_v4);
    atomic_store(&v6_allowed, allow_v6);
    assert_int_equal(names_lookup(names, "localhost", CLOCK_NEVER, NULL, &answer), ERR_NONE);
    assert_int_equal(answer->status, status);
    assert_string_equal(answer->addresses, addresses);
    name_answer_unref(answer);
}

TEST(address_that_refuses_the_loopback_is_told) {
    assert_loopback(true, true, NAME_FOUND, "[::1],127.0.0.1");
    assert_loopback(true, false, NAME_BLOCKED, "[::1]");
    assert_loopback(false, true, NAME_BLOCKED, "127.0.0.1");
    assert_loopback(false, false, NAME_BLOCKED, "127.0.0.1");
}

TEST(lookups_are_counted_by_where_the_answer_came_from) {
    struct names_stats stats;
    assert_int_equal(look_up("a.test"), NAME_FOUND);
    assert_int_equal(look_up("a.test"), NAME_FOUND);
    assert_int_equal(look_up("none.test"), NAME_NOT_FOUND);
    assert_int_equal(look_up("a.invalid"), NAME_NOT_FOUND);
    change_rules(false);
    assert_int_equal(look_up("a.test"), NAME_BLOCKED);
    names_read_stats(names, &stats);
    assert_int_equal(stats.lookups[NAMES_ASKED], 3);
    assert_int_equal(stats.lookups[NAMES_CACHED], 1);
    assert_int_equal(stats.lookups[NAMES_KNOWN], 1);
    assert_int_equal(stats.lookups[NAMES_JOINED], 0);
    assert_int_equal(stats.answers[NAME_FOUND], 1);
    assert_int_equal(stats.answers[NAME_BLOCKED], 1);
    assert_int_equal(stats.answers[NAME_NOT_FOUND], 1);
    assert_int_equal(stats.cached, 2);
}

#define JUDGED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        JUDGED_TEST(answer_is_kept_as_long_as_the_rules),
        JUDGED_TEST(answer_without_addresses_outlives_the_rules),
        JUDGED_TEST(loopback_is_judged_each_time),
        JUDGED_TEST(address_that_refuses_the_loopback_is_told),
        JUDGED_TEST(lookups_are_counted_by_where_the_answer_came_from),
    };
    return cmocka_run_group_tests_name("names_judged", tests, NULL, NULL);
}
