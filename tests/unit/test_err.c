#include "base/err.h"
#include "unit.h"

#include <string.h>

TEST(every_error_has_a_text_of_its_own) {
    for (int i = ERR_NONE; i <= ERR_LIBRARY; i++) {
        assert_string_not_equal(err_text((enum err)i), "unknown error");
        for (int k = ERR_NONE; k < i; k++)
            assert_string_not_equal(err_text((enum err)i), err_text((enum err)k));
    }
}

TEST(a_number_that_is_no_error_has_a_text_too) {
    assert_string_equal(err_text((enum err)(ERR_LIBRARY + 1)), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_text_of_its_own),
        cmocka_unit_test(a_number_that_is_no_error_has_a_text_too),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
