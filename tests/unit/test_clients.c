#include "api/clients.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { MAX = 4, MAX_PER_ADDRESS = 2, SPARE = 4 };

static struct clients *clients;

static int begin(void **state) {
    const struct clients_options options = {.max = MAX, .max_per_address = MAX_PER_ADDRESS, .spare = SPARE};
    (void)state;
    return clients_create(&options, &clients) == ERR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    clients_destroy(clients);
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

static struct clients_pass enter(const char *text, enum clients_verdict verdict) {
    assert_true(clients_knock(clients, address(text)));
    struct clients_pass pass = clients_enter(clients, address(text));
    assert_int_equal(pass.verdict, verdict);
    return pass;
}

static void leave(struct clients_pass *passes, size_t count) {
    for (size_t i = 0; i < count; i++)
        clients_leave(clients, passes[i]);
}

TEST(as_many_as_may_are_let_in_and_the_next_are_refused) {
    struct clients_pass passes[] = {
        enter("192.0.2.1", CLIENTS_OPEN), enter("192.0.2.2", CLIENTS_OPEN), enter("192.0.2.3", CLIENTS_OPEN),
        enter("192.0.2.4", CLIENTS_OPEN), enter("192.0.2.5", CLIENTS_FULL), enter("192.0.2.6", CLIENTS_FULL),
    };
    clients_leave(clients, passes[0]);
    passes[0] = enter("192.0.2.7", CLIENTS_OPEN);
    leave(passes, 6);
}

TEST(nobody_is_let_in_when_the_spare_places_are_taken) {
    struct clients_pass passes[MAX + SPARE];
    char text[] = "192.0.2.0";
    for (int i = 0; i < MAX + SPARE; i++, text[8]++)
        passes[i] = enter(text, i < MAX ? CLIENTS_OPEN : CLIENTS_FULL);
    assert_false(clients_knock(clients, address("192.0.2.9")));
    assert_false(clients_knock(clients, NULL));
    leave(passes, MAX + SPARE);
    assert_true(clients_knock(clients, NULL));
}

TEST(who_was_let_in_and_who_was_not_is_counted) {
    struct clients_pass passes[MAX + SPARE];
    struct clients_stats stats;
    passes[0] = enter("192.0.2.1", CLIENTS_OPEN);
    passes[1] = enter("192.0.2.1", CLIENTS_OPEN);
    passes[2] = enter("192.0.2.1", CLIENTS_CROWDED);
    passes[3] = enter("192.0.2.2", CLIENTS_OPEN);
    passes[4] = enter("192.0.2.3", CLIENTS_OPEN);
    passes[5] = enter("192.0.2.4", CLIENTS_FULL);
    passes[6] = enter("192.0.2.5", CLIENTS_FULL);
    passes[7] = enter("192.0.2.6", CLIENTS_FULL);
    assert_false(clients_knock(clients, address("192.0.2.7")));
    clients_read_stats(clients, &stats);
    assert_int_equal(stats.inside, MAX);
    assert_int_equal(stats.beyond, SPARE);
    assert_int_equal(stats.entered, MAX);
    assert_int_equal(stats.crowded, 1);
    assert_int_equal(stats.full, 3);
    assert_int_equal(stats.shut_out, 1);
    leave(passes, MAX + SPARE);
    clients_read_stats(clients, &stats);
    assert_int_equal(stats.inside + stats.beyond, 0);
    assert_int_equal(stats.entered, MAX);
}

TEST(an_address_has_its_share) {
    struct clients_pass passes[] = {
        enter("192.0.2.1", CLIENTS_OPEN),    enter("192.0.2.1", CLIENTS_OPEN), enter("192.0.2.1", CLIENTS_CROWDED),
        enter("192.0.2.1", CLIENTS_CROWDED), enter("192.0.2.2", CLIENTS_OPEN),
    };
    assert_false(clients_knock(clients, address("192.0.2.1"))); /* half of the spare places is not for it */
    assert_true(clients_knock(clients, address("192.0.2.2")));
    clients_leave(clients, passes[0]);
    passes[0] = enter("192.0.2.1", CLIENTS_OPEN);
    leave(passes, 5);
}

TEST(share_may_change_and_who_is_inside_stays) {
    struct clients_pass passes[] = {enter("192.0.2.1", CLIENTS_OPEN),
                                    enter("192.0.2.1", CLIENTS_OPEN),
                                    enter("192.0.2.1", CLIENTS_CROWDED),
                                    {0},
                                    {0}};
    clients_limit_addresses(clients, MAX_PER_ADDRESS + 1);
    passes[3] = enter("192.0.2.1", CLIENTS_OPEN);
    clients_limit_addresses(clients, 1);
    passes[4] = enter("192.0.2.1", CLIENTS_CROWDED);
    leave(passes, 5);
}

TEST(a_network_of_ipv6_is_one_address) {
    struct clients_pass passes[] = {enter("2001:db8::1", CLIENTS_OPEN), enter("2001:db8::ffff:1", CLIENTS_OPEN),
                                    enter("2001:db8::2", CLIENTS_CROWDED), enter("2001:db8:0:1::1", CLIENTS_OPEN)};
    leave(passes, 4);
}

TEST(ipv4_within_ipv6_is_ipv4) {
    struct clients_pass passes[] = {enter("::ffff:192.0.2.1", CLIENTS_OPEN), enter("192.0.2.1", CLIENTS_OPEN),
                                    enter("192.0.2.1", CLIENTS_CROWDED), enter("::ffff:192.0.2.2", CLIENTS_OPEN)};
    leave(passes, 4);
}

TEST(unix_sockets_have_no_address) {
    const struct sockaddr unnamed = {.sa_family = AF_UNIX};
    struct clients_pass passes[MAX];
    for (int i = 0; i < MAX; i++) {
        passes[i] = clients_enter(clients, i % 2 ? &unnamed : NULL);
        assert_int_equal(passes[i].verdict, CLIENTS_OPEN);
    }
    leave(passes, MAX);
}

TEST(without_a_share_an_address_may_have_all) {
    const struct clients_options options = {.max = MAX, .max_per_address = 0, .spare = SPARE};
    (void)end(NULL);
    assert_int_equal(clients_create(&options, &clients), ERR_NONE);
    struct clients_pass passes[MAX + 1];
    for (int i = 0; i <= MAX; i++)
        passes[i] = enter("192.0.2.1", i < MAX ? CLIENTS_OPEN : CLIENTS_FULL);
    leave(passes, MAX + 1);
}

TEST(it_is_told_once_and_again_after_a_minute) {
    assert_true(clients_should_tell(clients, 1000));
    assert_false(clients_should_tell(clients, 1001));
    assert_false(clients_should_tell(clients, 60999));
    assert_true(clients_should_tell(clients, 61000));
    assert_false(clients_should_tell(clients, 61001));
}

static void open_and_enter(void) {
    const struct clients_options options = {.max = MAX, .max_per_address = MAX_PER_ADDRESS, .spare = SPARE};
    struct clients *g;
    if (clients_create(&options, &g))
        return;
    clients_leave(g, clients_enter(g, address("192.0.2.1")));
    clients_destroy(g);
}

TEST(memory_may_run_out) {
    unit_fail_each_allocation(open_and_enter);
    clients_destroy(NULL);
}

#define WITH_A_GATE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_GATE(as_many_as_may_are_let_in_and_the_next_are_refused),
        WITH_A_GATE(nobody_is_let_in_when_the_spare_places_are_taken),
        WITH_A_GATE(who_was_let_in_and_who_was_not_is_counted),
        WITH_A_GATE(an_address_has_its_share),
        WITH_A_GATE(share_may_change_and_who_is_inside_stays),
        WITH_A_GATE(a_network_of_ipv6_is_one_address),
        WITH_A_GATE(ipv4_within_ipv6_is_ipv4),
        WITH_A_GATE(unix_sockets_have_no_address),
        WITH_A_GATE(without_a_share_an_address_may_have_all),
        WITH_A_GATE(it_is_told_once_and_again_after_a_minute),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
