#include "cli/units.h"

#include "unit.h"

static void assert_time(int64_t us, const char *expected) {
    char text[UNITS_BYTES];
    units_time(us, text);
    assert_string_equal(text, expected);
}

static void assert_size(int64_t bytes, const char *expected) {
    char text[UNITS_BYTES];
    units_size(bytes, text);
    assert_string_equal(text, expected);
}

static void assert_count(size_t count, const char *expected) {
    char text[UNITS_BYTES * 2];
    units_count(count, text);
    assert_string_equal(text, expected);
}

TEST(times_have_three_digits) {
    assert_time(0, "0 us");
    assert_time(999, "999 us");
    assert_time(1000, "1.00 ms");
    assert_time(45600, "45.6 ms");
    assert_time(350000, "350 ms");
    assert_time(999499, "999 ms");
    assert_time(999500, "1.00 s");
    assert_time(12500000, "12.5 s");
    assert_time(99949999, "99.9 s");
    assert_time(99950000, "1:40");
    assert_time(3723000000, "1:02:03");
}

TEST(sizes_have_three_digits) {
    assert_size(0, "0 B");
    assert_size(999, "999 B");
    assert_size(1000, "0.98 KiB");
    assert_size(1536, "1.50 KiB");
    assert_size(20 * 1024 * 1024, "20.0 MiB");
    assert_size(INT64_C(5) << 40, "5.00 TiB");
    assert_size(INT64_MAX, "8388608 TiB");
}

TEST(counts_are_grouped) {
    assert_count(0, "0");
    assert_count(999, "999");
    assert_count(1000, "1,000");
    assert_count(1234567, "1,234,567");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_three_digits),
        cmocka_unit_test(sizes_have_three_digits),
        cmocka_unit_test(counts_are_grouped),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
