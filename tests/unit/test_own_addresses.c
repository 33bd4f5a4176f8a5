#include "pool/own_addresses.h"

#include "unit.h"
#include "unit_guard.h"
#include "unit_interfaces.h"

static bool any(struct address a) {
    (void)a;
    return true;
}

static bool only_v4(struct address a) {
    return address_is_v4(a);
}

static struct own_addresses read_those(const char *first, const char *second, bool (*wanted)(struct address a)) {
    struct own_addresses own = {0};
    unit_interfaces_set(first, second);
    assert_int_equal(own_addresses_read(wanted, &own), ERR_NONE);
    return own;
}

TEST(addresses_of_all_interfaces_are_found) {
    struct own_addresses own = read_those("2600::1", "8.8.8.8", any);
    assert_int_equal(own.count, 2);
    assert_true(own_addresses_contain(&own, unit_guard_address("2600::1")));
    assert_true(own_addresses_contain(&own, unit_guard_address("8.8.8.8")));
    assert_false(own_addresses_contain(&own, unit_guard_address("8.8.8.9")));
    assert_false(own_addresses_contain(&own, unit_guard_address("2600::2")));
    own_addresses_fini(&own);
    assert_false(own_addresses_contain(&own, unit_guard_address("8.8.8.8")));
}

TEST(only_wanted_addresses_are_kept) {
    struct own_addresses own = read_those("2600::1", "8.8.8.8", only_v4);
    assert_int_equal(own.count, 1);
    assert_false(own_addresses_contain(&own, unit_guard_address("2600::1")));
    own_addresses_fini(&own);
}

TEST(order_of_interfaces_does_not_matter) {
    struct own_addresses a = read_those("2600::1", "8.8.8.8", any), b = read_those("8.8.8.8", "2600::1", any);
    struct own_addresses c = read_those("8.8.8.8", NULL, any), none = read_those(NULL, NULL, any);
    const struct own_addresses empty = {0};
    assert_true(own_addresses_equal(&a, &b));
    assert_false(own_addresses_equal(&a, &c));
    assert_true(own_addresses_equal(&none, &empty));
    own_addresses_fini(&a);
    own_addresses_fini(&b);
    own_addresses_fini(&c);
    own_addresses_fini(&none);
}

TEST(failure_is_told) {
    struct own_addresses own;
    unit_interfaces_fail(1);
    assert_int_equal(own_addresses_read(any, &own), ERR_IO);
    unit_interfaces_fail(0);
    unit_fail_allocation(1);
    assert_int_equal(own_addresses_read(any, &own), ERR_NOMEM);
    unit_fail_allocation(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_all_interfaces_are_found),
        cmocka_unit_test(only_wanted_addresses_are_kept),
        cmocka_unit_test(order_of_interfaces_does_not_matter),
        cmocka_unit_test(failure_is_told),
    };
    return cmocka_run_group_tests_name("own_addresses", tests, NULL, NULL);
}
