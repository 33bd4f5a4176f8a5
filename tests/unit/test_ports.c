#include "pool/ports.h"

#include "unit.h"

TEST(port_or_range_is_read) {
    static const struct {
        const char *text;
        uint16_t first, last;
    } cases[] = {{"1", 1, 1},           {"443", 443, 443}, {"65535", 65535, 65535},
                 {"1-65535", 1, 65535}, {"80-80", 80, 80}, {"00080", 80, 80}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct port_range range;
        assert_true(ports_parse(cases[i].text, &range));
        assert_int_equal(range.first, cases[i].first);
        assert_int_equal(range.last, cases[i].last);
        assert_null(ports_check(cases[i].text));
    }
}

TEST(what_is_no_port_is_refused) {
    static const char *const texts[] = {"",       "0",      "65536", "99999",   "000080", "-1", "80-",
                                        "-80",    "80-79",  "0-80",  "80 ",     " 80",    "8x", "+80",
                                        "80-90-", "80--90", "http",  "1-65536", "80,90"};
    struct port_range range;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (ports_parse(texts[i], &range))
            fail_msg("'%s' is a port", texts[i]);
        assert_string_equal(ports_check(texts[i]), "must be a port or a range of them such as 443 or 8000-8099");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_or_range_is_read),
        cmocka_unit_test(what_is_no_port_is_refused),
    };
    return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
