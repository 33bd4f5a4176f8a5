#include "base/edits.h"

#include "unit.h"

#include <string.h>

static size_t between(const char *a, const char *b) {
    return edits_between(a, strlen(a), b, strlen(b));
}

TEST(same_texts_are_not_apart) {
    assert_int_equal(between("", ""), 0);
    assert_int_equal(between("timeout", "timeout"), 0);
}

TEST(each_change_counts_one) {
    assert_int_equal(between("timeout", "timeut"), 1);
    assert_int_equal(between("timeut", "timeout"), 1);
    assert_int_equal(between("timeout", "timeaut"), 1);
    assert_int_equal(between("kitten", "sitting"), 3);
    assert_int_equal(between("", "abc"), 3);
}

TEST(long_texts_are_far_apart) {
    char text[EDITS_MAX_BYTES + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(between(text, text) > EDITS_FAR);
    text[EDITS_MAX_BYTES] = '\0';
    assert_int_equal(between(text, text), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_texts_are_not_apart),
        cmocka_unit_test(each_change_counts_one),
        cmocka_unit_test(long_texts_are_far_apart),
    };
    return cmocka_run_group_tests_name("edits", tests, NULL, NULL);
}
