#include "pool/guard.h"

#include "pool/gate.h"
#include "unit.h"
#include "unit_guard.h"
#include "unit_interfaces.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum { READERS = 4, SWAPS = 2000 };

static struct guard *guard;
static char told[512];
static unsigned told_count;

static void note(const struct fetch_refusal *r) {
    told_count++;
    (void)snprintf(told, sizeof told, "%s %s %d|%s|%s|%s", r->host, r->address, r->port, r->rule, r->inside,
                   r->setting);
    assert_true(strlen(r->why) > 0 || strstr(r->rule, "port") || strstr(r->rule, "host") || strstr(r->rule, "9.9.9"));
}

static int begin(void **state) {
    (void)state;
    unit_interfaces_set("8.8.8.8", "10.0.0.1");
    told_count = 0;
    *told = '\0';
    return guard_create(unit_guard_rules("guard.deny=9.9.9.9", "guard.ports=80,443"), NULL, &guard) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    guard_destroy(guard);
    return 0;
}

static bool admits(const char *address, uint16_t port) {
    const struct endpoint e = {unit_guard_address(address), port};
    return guard_admits(guard, &e, "host.test");
}

TEST(address_and_port_are_judged) {
    assert_true(admits("1.1.1.1", 80));
    assert_false(admits("1.1.1.1", 81));
    assert_false(admits("9.9.9.9", 80));
    assert_false(admits("127.0.0.1", 443));
    assert_true(admits("2600::1", 443));
    assert_true(guard_allows(guard, unit_guard_address("1.1.1.1")));
    assert_false(guard_allows(guard, unit_guard_address("127.0.0.1")));
    assert_false(guard_allows_user_info(guard));
}

TEST(each_refusal_is_told) {
    guard_on_refusal(guard, note);
    assert_true(admits("1.1.1.1", 80));
    assert_false(guard_allows(guard, unit_guard_address("127.0.0.1")));
    assert_int_equal(told_count, 0);
    assert_false(admits("127.0.0.1", 443));
    assert_string_equal(told, "host.test 127.0.0.1 443|127.0.0.0/8, loopback||guard.allow=127.0.0.1");
    assert_false(admits("2600::5efe:10.1.2.3", 443));
    assert_string_equal(told, "host.test 2600::5efe:a01:203 443|10.0.0.0/8, private use|ISATAP|guard.allow=10.1.2.3");
    assert_false(admits("1.1.1.1", 25));
    assert_string_equal(told, "host.test 1.1.1.1 25|the port is not in guard.ports||guard.ports=25");
    guard_tell(guard, unit_guard_address("8.8.8.8"), "own.test");
    assert_string_equal(told, "own.test 8.8.8.8 0|an address of this host||guard.allow=8.8.8.8");
    guard_tell(guard, unit_guard_address("1.1.1.1"), "fine.test");
    assert_int_equal(told_count, 4);
}

TEST(own_addresses_follow_the_interfaces) {
    uint64_t serial = guard_serial(guard);
    assert_false(admits("8.8.8.8", 80));
    unit_interfaces_set("10.0.0.2", "8.8.8.8"); /* other private addresses make no difference */
    guard_look(guard);
    assert_int_equal(guard_serial(guard), serial);
    unit_interfaces_set("2600::1", NULL);
    guard_look(guard);
    assert_int_not_equal(guard_serial(guard), serial);
    assert_true(admits("8.8.8.8", 80));
    assert_false(admits("2600::1", 80));
    unit_interfaces_fail(1);
    guard_look(guard);
    unit_interfaces_fail(0);
    assert_false(admits("2600::1", 80));
}

TEST(host_whose_addresses_cannot_be_read_has_no_guard) {
    struct guard *g = NULL;
    struct guard_rules *rules = unit_guard_rules(NULL, NULL);
    unit_interfaces_fail(1);
    assert_int_equal(guard_create(rules, NULL, &g), ERR_IO);
    unit_interfaces_fail(0);
    assert_null(g);
    guard_rules_destroy(rules);
}

TEST(rules_are_replaced_as_a_whole) {
    uint64_t serial = guard_serial(guard);
    assert_false(guard_replace(guard, unit_guard_rules("guard.deny=9.9.9.9", "guard.ports=80,443")));
    assert_int_equal(guard_serial(guard), serial);
    assert_true(guard_replace(guard, unit_guard_rules("guard.allow=127.0.0.1", "guard.user_info=yes")));
    assert_int_not_equal(guard_serial(guard), serial);
    assert_true(admits("127.0.0.1", 81));
    assert_true(admits("9.9.9.9", 80));
    assert_true(guard_allows_user_info(guard));
}

/* ---- many threads ---- */

/* Either rules refuse one of the two and allow the other. */
static void *judge_all_the_time(void *arg) {
    const struct endpoint first = {unit_guard_address("9.9.9.1"), 80}, second = {unit_guard_address("9.9.9.2"), 443};
    const _Atomic bool *stop = arg;
    while (!atomic_load(stop)) {
        (void)guard_admits(guard, &first, "a");
        (void)guard_admits(guard, &second, "b");
        (void)guard_serial(guard);
    }
    return NULL;
}

TEST(rules_are_replaced_while_others_judge) {
    pthread_t readers[READERS];
    _Atomic bool stop = false;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, judge_all_the_time, &stop), 0);
    for (int i = 0; i < SWAPS; i++) {
        assert_true(guard_replace(guard, unit_guard_rules(i % 2 ? "guard.deny=9.9.9.1" : "guard.deny=9.9.9.2", NULL)));
        unit_interfaces_set(i % 2 ? "8.8.8.8" : NULL, NULL);
        guard_look(guard);
        assert_int_equal(admits("9.9.9.1", 80), i % 2 == 0);
        assert_int_equal(admits("9.9.9.2", 80), i % 2 == 1);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

/* ---- the gate of a transfer ---- */

TEST(gate_shuts_after_the_first_refusal) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01010101), .sin_port = htons(80)};
    struct gate gate = gate_of(guard, "host.test");
    assert_true(gate_still_admits(&gate)); /* nothing to judge */
    assert_true(gate_admits(&gate, (const struct sockaddr *)&v4, sizeof v4));
    v4.sin_addr.s_addr = htonl(0x7F000001);
    assert_false(gate_admits(&gate, (const struct sockaddr *)&v4, sizeof v4));
    v4.sin_addr.s_addr = htonl(0x01010101);
    assert_false(gate_admits(&gate, (const struct sockaddr *)&v4, sizeof v4));
    assert_true(gate.refused);
    assert_false(gate_still_admits(&gate));
}

TEST(gate_lets_no_other_families_through) {
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct gate gate = gate_of(guard, "host.test");
    assert_false(gate_admits(&gate, (const struct sockaddr *)&local, sizeof local));
    assert_true(gate.refused);
}

TEST(gate_reads_addresses_of_reused_connections) {
    static const struct {
        const char *address;
        int port;
        bool admitted;
    } cases[] = {{"1.1.1.1", 80, true},     {"2600::1", 443, true},   {"::ffff:1.1.1.1", 80, true},
                 {"1.1.1.1", 81, false},    {"127.0.0.1", 80, false}, {"", 80, false},
                 {"fe80::1%lo", 80, false}, {"1.1.1.1", 0, false},    {"1.1.1.1", -1, false},
                 {"1.1.1.1", 65616, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gate gate = gate_of(guard, "host.test");
        assert_int_equal(gate_admits_text(&gate, cases[i].address, cases[i].port), cases[i].admitted);
        assert_int_equal(gate.refused, !cases[i].admitted);
    }
}

TEST(gate_judges_again_when_the_rules_change) {
    struct gate gate = gate_of(guard, "host.test");
    guard_on_refusal(guard, note);
    assert_true(gate_admits_text(&gate, "1.1.1.1", 80));
    (void)guard_replace(guard, unit_guard_rules("guard.deny=9.9.9.0/24", NULL));
    assert_true(gate_still_admits(&gate));
    assert_int_equal(gate.serial, guard_serial(guard));
    (void)guard_replace(guard, unit_guard_rules("guard.deny=1.1.1.0/24", NULL));
    guard_on_refusal(guard, NULL);
    assert_false(gate_still_admits(&gate));
    (void)guard_replace(guard, unit_guard_rules(NULL, NULL));
    assert_false(gate_still_admits(&gate)); /* it was refused once */
}

#define GUARD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        GUARD_TEST(address_and_port_are_judged),
        GUARD_TEST(each_refusal_is_told),
        GUARD_TEST(own_addresses_follow_the_interfaces),
        GUARD_TEST(host_whose_addresses_cannot_be_read_has_no_guard),
        GUARD_TEST(rules_are_replaced_as_a_whole),
        GUARD_TEST(rules_are_replaced_while_others_judge),
        GUARD_TEST(gate_shuts_after_the_first_refusal),
        GUARD_TEST(gate_lets_no_other_families_through),
        GUARD_TEST(gate_reads_addresses_of_reused_connections),
        GUARD_TEST(gate_judges_again_when_the_rules_change),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
