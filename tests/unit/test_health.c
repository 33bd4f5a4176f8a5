#include "daemon/health.h"
#include "unit.h"
#include "unit_origin.h"

#include <stdio.h>

static const struct unit_route well[] = {
    {.path = "/healthz", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
    {0},
};
static const struct unit_route ill[] = {
    {.path = "/healthz", .answer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"},
    {0},
};

static struct unit_origin first, second;
static char error[SERVICE_ERROR_BYTES];
static char addresses[2][32];

static size_t asked[2]; /* of the first and the second */

static enum service_exit ask(const struct unit_route *routes, const char *host) {
    char none[] = "";
    char *items[] = {addresses[0], addresses[1]};
    const struct settings settings = {.server = {.listen = {items, 2}, .tls_cert = none}};
    unit_origin_start(&first, well);
    unit_origin_start(&second, routes);
    (void)snprintf(addresses[0], sizeof addresses[0], "%s:%d", host, first.port);
    (void)snprintf(addresses[1], sizeof addresses[1], "127.0.0.1:%d", second.port);
    enum service_exit code = health_ask(&settings, error);
    asked[0] = unit_origin_requests(&first);
    asked[1] = unit_origin_requests(&second);
    unit_origin_stop(&first);
    unit_origin_stop(&second);
    return code;
}

TEST(well_is_who_answers_at_every_address) {
    assert_int_equal(ask(well, "127.0.0.1"), SERVICE_EXIT_DONE);
    assert_int_equal(asked[0], 1);
    assert_int_equal(asked[1], 1);
}

TEST(all_addresses_of_the_machine_are_asked_at_one) {
    assert_int_equal(ask(well, "0.0.0.0"), SERVICE_EXIT_DONE);
    assert_int_equal(asked[0], 1);
}

TEST(the_address_that_does_not_answer_well_is_named) {
    char wanted[100];
    assert_int_equal(ask(ill, "127.0.0.1"), SERVICE_EXIT_FAILED);
    (void)snprintf(wanted, sizeof wanted, "%s: answered with status 500", addresses[1]);
    assert_string_equal(error, wanted);
}

TEST(an_address_without_a_port_of_its_own_cannot_be_asked) {
    char none[] = "", any[] = "127.0.0.1:0", *items[] = {any};
    const struct settings settings = {.server = {.listen = {items, 1}, .tls_cert = none}};
    assert_int_equal(health_ask(&settings, error), SERVICE_EXIT_FAILED);
    assert_string_equal(error, "127.0.0.1:0: port 0 is another one at each start");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_is_who_answers_at_every_address),
        cmocka_unit_test(all_addresses_of_the_machine_are_asked_at_one),
        cmocka_unit_test(the_address_that_does_not_answer_well_is_named),
        cmocka_unit_test(an_address_without_a_port_of_its_own_cannot_be_asked),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
