#include "pool/guard_rules.h"

#include "config/settings_load.h"
#include "unit.h"
#include "unit_guard.h"

#include <string.h>

static const struct own_addresses no_own = {0};

TEST(allowed_prefix_opens_what_is_special) {
    struct guard_rules *r = unit_guard_rules("guard.allow=10.1.0.0/16", NULL);
    unit_guard_assert(r, "10.0.255.255", false);
    unit_guard_assert(r, "10.1.0.0", true);
    unit_guard_assert(r, "10.1.255.255", true);
    unit_guard_assert(r, "::ffff:10.1.2.3", true);
    unit_guard_assert(r, "10.2.0.0", false);
    unit_guard_assert(r, "127.0.0.1", false);
    unit_guard_assert(r, "8.8.8.8", true);
    guard_rules_destroy(r);
}

TEST(loopback_of_ipv6_is_no_embedded_address) {
    struct guard_rules *r = unit_guard_rules("guard.allow=::1", NULL);
    unit_guard_assert(r, "::1", true);
    unit_guard_assert(r, "::", false);
    unit_guard_assert(r, "::2", false);
    unit_guard_assert(r, "127.0.0.1", false);
    guard_rules_destroy(r);
}

TEST(denied_prefix_wins) {
    struct guard_rules *r = unit_guard_rules("guard.allow=10.0.0.0/8", "guard.deny=10.1.0.0/16");
    unit_guard_assert(r, "10.0.0.1", true);
    unit_guard_assert(r, "10.1.0.1", false);
    unit_guard_assert(r, "::ffff:10.1.0.1", false);
    guard_rules_destroy(r);
    r = unit_guard_rules("guard.deny=8.8.8.0/24,2600::1", NULL);
    unit_guard_assert(r, "8.8.8.8", false);
    unit_guard_assert(r, "8.8.9.8", true);
    unit_guard_assert(r, "2600::1", false);
    unit_guard_assert(r, "2600::2", true);
    unit_guard_assert(r, "2600::5efe:8.8.8.8", false); /* embedded */
    guard_rules_destroy(r);
}

TEST(denied_prefix_wins_over_a_translator) {
    struct guard_rules *r = unit_guard_rules("guard.nat64=64:ff9b::/96", "guard.deny=64:ff9b::8.8.8.8,9.9.9.9");
    unit_guard_assert(r, "64:ff9b::8.8.4.4", true);
    unit_guard_assert(r, "64:ff9b::8.8.8.8", false);
    unit_guard_assert(r, "64:ff9b::9.9.9.9", false);
    guard_rules_destroy(r);
}

TEST(translator_leads_where_ipv4_may_go) {
    struct guard_rules *r = unit_guard_rules("guard.nat64=64:ff9b::/96", "guard.allow=10.1.0.0/16");
    unit_guard_assert(r, "64:ff9b::10.1.2.3", true);
    unit_guard_assert(r, "64:ff9b::10.2.2.3", false);
    unit_guard_assert(r, "64:ff9b:1::8.8.8.8", false);
    guard_rules_destroy(r);
}

TEST(own_address_is_refused_unless_allowed) {
    struct address items[] = {unit_guard_address("8.8.8.8"), unit_guard_address("2600::1")};
    const struct own_addresses own = {.items = items, .count = 2};
    struct guard_rules *r = unit_guard_rules(NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(guard_rules_judge(r, &own, items[i]).reason, GUARD_OWN);
        assert_int_equal(guard_rules_judge(r, &no_own, items[i]).reason, GUARD_ALLOWED);
    }
    assert_int_equal(guard_rules_judge(r, &own, unit_guard_address("8.8.8.9")).reason, GUARD_ALLOWED);
    assert_int_equal(guard_rules_judge(r, &own, unit_guard_address("2600::5efe:8.8.8.8")).reason, GUARD_OWN);
    guard_rules_destroy(r);
    r = unit_guard_rules("guard.allow=8.8.8.8,2600::/32", NULL);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(guard_rules_judge(r, &own, items[i]).reason, GUARD_ALLOWED);
    guard_rules_destroy(r);
}

TEST(ports_are_all_unless_named) {
    struct guard_rules *r = unit_guard_rules(NULL, NULL);
    assert_false(guard_rules_allow_port(r, 0));
    assert_true(guard_rules_allow_port(r, 1));
    assert_true(guard_rules_allow_port(r, 65535));
    guard_rules_destroy(r);
    r = unit_guard_rules("guard.ports=80,443,8000-8099", NULL);
    static const uint16_t in[] = {80, 443, 8000, 8050, 8099}, out[] = {0, 1, 79, 81, 442, 444, 7999, 8100, 65535};
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        assert_true(guard_rules_allow_port(r, in[i]));
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        assert_false(guard_rules_allow_port(r, out[i]));
    guard_rules_destroy(r);
}

TEST(user_information_is_refused_unless_allowed) {
    struct guard_rules *r = unit_guard_rules(NULL, NULL);
    assert_false(guard_rules_allow_user_info(r));
    guard_rules_destroy(r);
    r = unit_guard_rules("guard.user_info=yes", NULL);
    assert_true(guard_rules_allow_user_info(r));
    guard_rules_destroy(r);
}

TEST(rules_of_the_same_settings_are_equal) {
    static const char *const settings[] = {NULL,
                                           "guard.allow=10.0.0.0/8",
                                           "guard.allow=10.0.0.0/9",
                                           "guard.allow=10.0.0.0/8,::1",
                                           "guard.deny=10.0.0.0/8",
                                           "guard.ports=80",
                                           "guard.nat64=64:ff9b::/96",
                                           "guard.user_info=yes"};
    enum { COUNT = sizeof settings / sizeof settings[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < COUNT; k++) {
            struct guard_rules *a = unit_guard_rules(settings[i], NULL), *b = unit_guard_rules(settings[k], NULL);
            assert_int_equal(guard_rules_equal(a, b), i == k);
            guard_rules_destroy(a);
            guard_rules_destroy(b);
        }
}

static void assert_told(const struct guard_rules *r, const char *text, const char *rule, const char *setting) {
    char told_rule[GUARD_RULE_BYTES], told_setting[GUARD_SETTING_BYTES];
    struct guard_verdict v = guard_rules_judge(r, &no_own, unit_guard_address(text));
    guard_verdict_print(&v, 443, told_rule, told_setting);
    assert_string_equal(told_rule, rule);
    assert_string_equal(told_setting, setting);
}

TEST(operator_is_told_rule_and_setting) {
    char rule[GUARD_RULE_BYTES], setting[GUARD_SETTING_BYTES];
    struct guard_rules *r = unit_guard_rules("guard.deny=9.9.9.0/24", "guard.nat64=2600:64::/64");
    assert_told(r, "8.8.8.8", "", "");
    assert_told(r, "10.1.2.3", "10.0.0.0/8, private use", "guard.allow=10.1.2.3");
    assert_told(r, "9.9.9.9", "9.9.9.0/24", "guard.deny without 9.9.9.0/24");
    assert_told(r, "fd00::1", "fc00::/7, unique local", "guard.allow=fd00::1");
    assert_told(r, "4000::1", "::/0, not global unicast", "guard.allow=4000::1");
    assert_told(r, "2600:64::a:100:0:0", "10.0.0.0/8, private use", "guard.allow=10.1.0.0");
    assert_told(r, "64:ff9b::8.8.8.8", "64:ff9b::/96, NAT64", "guard.nat64=64:ff9b::/96");
    assert_told(r, "2600::5efe:10.1.2.3", "10.0.0.0/8, private use", "guard.allow=10.1.2.3");
    const struct guard_verdict port = {.reason = GUARD_PORT}, own = {.reason = GUARD_OWN, .address = {.low = 1}};
    guard_verdict_print(&port, 25, rule, setting);
    assert_string_equal(setting, "guard.ports=25");
    guard_verdict_print(&own, 25, rule, setting);
    assert_string_equal(rule, "an address of this host");
    assert_string_equal(setting, "guard.allow=::1");
    guard_rules_destroy(r);
}

TEST(first_bad_text_is_named) {
    static const char *const bad_lists[] = {"guard.allow=10.0.0.0/8,bad", "guard.deny=bad", "guard.ports=80,bad",
                                            "guard.nat64=bad"};
    for (size_t i = 0; i < sizeof bad_lists / sizeof bad_lists[0]; i++) {
        struct settings_loader *l = NULL;
        struct guard_rules *r = NULL;
        const char *bad = NULL;
        assert_int_equal(settings_loader_create(&l), ERR_NONE);
        assert_int_equal(settings_load_assignment(l, bad_lists[i]), ERR_NONE);
        assert_int_equal(guard_rules_create(settings_loader_values(l), &r, &bad), ERR_INVALID);
        assert_string_equal(bad, "bad");
        assert_null(r);
        settings_loader_destroy(l);
    }
}

static struct settings_loader *loader;

static void create_with_lists(void) {
    struct guard_rules *r = NULL;
    const char *bad = NULL;
    enum err err = guard_rules_create(settings_loader_values(loader), &r, &bad);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(r != NULL, err == ERR_NONE);
    guard_rules_destroy(r);
}

TEST(create_without_memory_fails) {
    assert_int_equal(settings_loader_create(&loader), ERR_NONE);
    assert_int_equal(settings_load_assignment(loader, "guard.allow=10.0.0.0/8"), ERR_NONE);
    unit_fail_each_allocation(create_with_lists);
    settings_loader_destroy(loader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed_prefix_opens_what_is_special),
        cmocka_unit_test(loopback_of_ipv6_is_no_embedded_address),
        cmocka_unit_test(denied_prefix_wins),
        cmocka_unit_test(denied_prefix_wins_over_a_translator),
        cmocka_unit_test(translator_leads_where_ipv4_may_go),
        cmocka_unit_test(own_address_is_refused_unless_allowed),
        cmocka_unit_test(ports_are_all_unless_named),
        cmocka_unit_test(user_information_is_refused_unless_allowed),
        cmocka_unit_test(rules_of_the_same_settings_are_equal),
        cmocka_unit_test(operator_is_told_rule_and_setting),
        cmocka_unit_test(first_bad_text_is_named),
        cmocka_unit_test(create_without_memory_fails),
    };
    return cmocka_run_group_tests_name("guard_rules", tests, NULL, NULL);
}
