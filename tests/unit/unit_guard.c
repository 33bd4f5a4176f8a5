#include "unit_guard.h"

#include "config/settings_load.h"
#include "unit.h"

struct guard_rules *unit_guard_rules(const char *first, const char *second) {
    struct settings_loader *l = NULL;
    struct guard_rules *r = NULL;
    const char *bad = NULL;
    assert_int_equal(settings_loader_create(&l), ERR_NONE);
    if (first)
        assert_int_equal(settings_load_assignment(l, first), ERR_NONE);
    if (second)
        assert_int_equal(settings_load_assignment(l, second), ERR_NONE);
    assert_int_equal(guard_rules_create(settings_loader_values(l), &r, &bad), ERR_NONE);
    settings_loader_destroy(l);
    return r;
}

struct address unit_guard_address(const char *text) {
    struct address a = {0};
    if (!address_parse(text, &a))
        fail_msg("%s is no address", text);
    return a;
}

bool unit_guard_allows(const struct guard_rules *r, const char *text) {
    const struct own_addresses none = {0};
    return guard_rules_judge(r, &none, unit_guard_address(text)).reason == GUARD_ALLOWED;
}

void unit_guard_assert(const struct guard_rules *r, const char *text, bool allowed) {
    if (unit_guard_allows(r, text) != allowed)
        fail_msg("%s should be %s", text, allowed ? "allowed" : "refused");
}
