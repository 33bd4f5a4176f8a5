#include "api/gate.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { MAX = 4, MAX_PER_ADDRESS = 2, SPARE = 4 };

static struct gate *gate;

static int begin(void **state) {
    const struct gate_options options = {.max = MAX, .max_per_address = MAX_PER_ADDRESS, .spare = SPARE};
    (void)state;
    return gate_create(&options, &gate) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    gate_destroy(gate);
    return 0;
}

/* Borrowed until the next call. */
static const struct sockaddr *address(const char *text) {
    static struct sockaddr_in v4;
    static struct sockaddr_in6 v6;
    v4 = (struct sockaddr_in){.sin_family = AF_INET};
    v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return (const struct sockaddr *)&v4;
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return (const struct sockaddr *)&v6;
}

static struct gate_pass enter(const char *text, enum gate_verdict verdict) {
    assert_true(gate_knock(gate, address(text)));
    struct gate_pass pass = gate_enter(gate, address(text));
    assert_int_equal(pass.verdict, verdict);
    return pass;
}

static void leave(struct gate_pass *passes, size_t count) {
    for (size_t i = 0; i < count; i++)
        gate_leave(gate, passes[i]);
}

TEST(as_many_as_may_are_let_in_and_the_next_are_refused) {
    struct gate_pass passes[] = {
        enter("192.0.2.1", GATE_OPEN), enter("192.0.2.2", GATE_OPEN), enter("192.0.2.3", GATE_OPEN),
        enter("192.0.2.4", GATE_OPEN), enter("192.0.2.5", GATE_FULL), enter("192.0.2.6", GATE_FULL),
    };
    gate_leave(gate, passes[0]);
    passes[0] = enter("192.0.2.7", GATE_OPEN);
    leave(passes, 6);
}

TEST(nobody_is_let_in_when_the_spare_places_are_taken) {
    struct gate_pass passes[MAX + SPARE];
    char text[] = "192.0.2.0";
    for (int i = 0; i < MAX + SPARE; i++, text[8]++)
        passes[i] = enter(text, i < MAX ? GATE_OPEN : GATE_FULL);
    assert_false(gate_knock(gate, address("192.0.2.9")));
    assert_false(gate_knock(gate, NULL));
    leave(passes, MAX + SPARE);
    assert_true(gate_knock(gate, NULL));
}

TEST(an_address_has_its_share) {
    struct gate_pass passes[] = {
        enter("192.0.2.1", GATE_OPEN),    enter("192.0.2.1", GATE_OPEN), enter("192.0.2.1", GATE_CROWDED),
        enter("192.0.2.1", GATE_CROWDED), enter("192.0.2.2", GATE_OPEN),
    };
    assert_false(gate_knock(gate, address("192.0.2.1"))); /* half of the spare places is not for it */
    assert_true(gate_knock(gate, address("192.0.2.2")));
    gate_leave(gate, passes[0]);
    passes[0] = enter("192.0.2.1", GATE_OPEN);
    leave(passes, 5);
}

TEST(a_network_of_ipv6_is_one_address) {
    struct gate_pass passes[] = {enter("2001:db8::1", GATE_OPEN), enter("2001:db8::ffff:1", GATE_OPEN),
                                 enter("2001:db8::2", GATE_CROWDED), enter("2001:db8:0:1::1", GATE_OPEN)};
    leave(passes, 4);
}

TEST(ipv4_within_ipv6_is_ipv4) {
    struct gate_pass passes[] = {enter("::ffff:192.0.2.1", GATE_OPEN), enter("192.0.2.1", GATE_OPEN),
                                 enter("192.0.2.1", GATE_CROWDED), enter("::ffff:192.0.2.2", GATE_OPEN)};
    leave(passes, 4);
}

TEST(unix_sockets_have_no_address) {
    const struct sockaddr unnamed = {.sa_family = AF_UNIX};
    struct gate_pass passes[MAX];
    for (int i = 0; i < MAX; i++) {
        passes[i] = gate_enter(gate, i % 2 ? &unnamed : NULL);
        assert_int_equal(passes[i].verdict, GATE_OPEN);
    }
    leave(passes, MAX);
}

TEST(without_a_share_an_address_may_have_all) {
    const struct gate_options options = {.max = MAX, .max_per_address = 0, .spare = SPARE};
    (void)end(NULL);
    assert_int_equal(gate_create(&options, &gate), ERR_NONE);
    struct gate_pass passes[MAX + 1];
    for (int i = 0; i <= MAX; i++)
        passes[i] = enter("192.0.2.1", i < MAX ? GATE_OPEN : GATE_FULL);
    leave(passes, MAX + 1);
}

TEST(it_is_told_once_and_again_after_a_minute) {
    assert_true(gate_should_tell(gate, 1000));
    assert_false(gate_should_tell(gate, 1001));
    assert_false(gate_should_tell(gate, 60999));
    assert_true(gate_should_tell(gate, 61000));
    assert_false(gate_should_tell(gate, 61001));
}

static void open_and_enter(void) {
    const struct gate_options options = {.max = MAX, .max_per_address = MAX_PER_ADDRESS, .spare = SPARE};
    struct gate *g;
    if (gate_create(&options, &g))
        return;
    gate_leave(g, gate_enter(g, address("192.0.2.1")));
    gate_destroy(g);
}

TEST(memory_may_run_out) {
    unit_fail_each_allocation(open_and_enter);
    gate_destroy(NULL);
}

#define WITH_A_GATE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_GATE(as_many_as_may_are_let_in_and_the_next_are_refused),
        WITH_A_GATE(nobody_is_let_in_when_the_spare_places_are_taken),
        WITH_A_GATE(an_address_has_its_share),
        WITH_A_GATE(a_network_of_ipv6_is_one_address),
        WITH_A_GATE(ipv4_within_ipv6_is_ipv4),
        WITH_A_GATE(unix_sockets_have_no_address),
        WITH_A_GATE(without_a_share_an_address_may_have_all),
        WITH_A_GATE(it_is_told_once_and_again_after_a_minute),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
