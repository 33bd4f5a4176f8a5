#include "pool/fetch_hop.h"

#include "unit.h"

#include <string.h>

static void assert_phases(const struct fetch_hop *hop, const struct fetch_hop_phases *expected) {
    struct fetch_hop_phases p = fetch_hop_phases(hop);
    assert_int_equal(p.blocked_us, expected->blocked_us);
    assert_int_equal(p.dns_us, expected->dns_us);
    assert_int_equal(p.connect_us, expected->connect_us);
    assert_int_equal(p.ssl_us, expected->ssl_us);
    assert_int_equal(p.send_us, expected->send_us);
    assert_int_equal(p.wait_us, expected->wait_us);
    assert_int_equal(p.receive_us, expected->receive_us);
}

static const struct fetch_hop over_tls = {
    .started_us = 1000,
    .lookup_us = 20,
    .performed_us = 1050,
    .ended_us = 2050,
    .connect_us = 100,
    .appconnect_us = 300,
    .pretransfer_us = 310,
    .starttransfer_us = 710,
};

TEST(parts_stand_one_behind_the_other) {
    const struct fetch_hop_phases expected = {30, 20, 300, 200, 10, 400, 290};
    assert_phases(&over_tls, &expected);
}

TEST(plain_connection_has_no_handshake) {
    struct fetch_hop hop = over_tls;
    const struct fetch_hop_phases expected = {30, 20, 100, -1, 210, 400, 290};
    hop.appconnect_us = 0;
    assert_phases(&hop, &expected);
}

TEST(connection_that_was_there_needs_none) {
    struct fetch_hop hop = over_tls;
    const struct fetch_hop_phases expected = {50, -1, -1, -1, 310, 400, 290};
    hop.was_connected = true;
    hop.lookup_us = 0;
    assert_phases(&hop, &expected);
}

TEST(what_was_begun_took_the_rest) {
    struct fetch_hop hop = over_tls;
    const struct fetch_hop_phases waiting = {30, 20, 300, 200, 10, 690, 0};
    const struct fetch_hop_phases shaking_hands = {30, 20, 1000, 900, 0, 0, 0};
    const struct fetch_hop_phases connecting = {30, 20, 1000, -1, 0, 0, 0};
    const struct fetch_hop_phases looking_up = {0, 20, -1, -1, 0, 0, 0};
    hop.starttransfer_us = 0;
    assert_phases(&hop, &waiting);
    hop.pretransfer_us = hop.appconnect_us = 0;
    assert_phases(&hop, &shaking_hands);
    hop.connect_us = 0;
    assert_phases(&hop, &connecting);
    hop.performed_us = 0;
    hop.ended_us = 1020;
    assert_phases(&hop, &looking_up);
}

static void add_two(void) {
    struct fetch_hops hops = {0};
    struct fetch_hop *hop;
    for (int i = 0; i < 2; i++) {
        enum err err = fetch_hops_add(&hops, "http://h/", "GET", &hop);
        assert_true(err == ERR_NONE || err == ERR_NOMEM);
        if (!err && buf_append_text(&hop->request, "GET"))
            buf_clear(&hop->request);
    }
    fetch_hops_fini(&hops);
    assert_int_equal(hops.count, 0);
}

TEST(hops_are_kept_in_order) {
    struct fetch_hops hops = {0};
    struct fetch_hop *hop;
    assert_int_equal(fetch_hops_add(&hops, "http://a/", "GET", &hop), ERR_NONE);
    assert_int_equal(fetch_hops_add(&hops, "http://b/", "HEAD", &hop), ERR_NONE);
    assert_ptr_equal(hop, fetch_hops_last(&hops));
    assert_int_equal(hops.count, 2);
    assert_string_equal(hops.items[0].url, "http://a/");
    assert_string_equal(hops.items[1].url, "http://b/");
    assert_true(hop->started_us > 0 && hop->ended_us == hop->started_us);
    fetch_hops_fini(&hops);
}

TEST(lack_of_memory_is_told) {
    unit_fail_each_allocation(add_two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_stand_one_behind_the_other),
        cmocka_unit_test(plain_connection_has_no_handshake),
        cmocka_unit_test(connection_that_was_there_needs_none),
        cmocka_unit_test(what_was_begun_took_the_rest),
        cmocka_unit_test(hops_are_kept_in_order),
        cmocka_unit_test(lack_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("fetch_hop", tests, NULL, NULL);
}
