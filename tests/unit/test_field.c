#include "pool/field.h"

#include "unit.h"

#include <string.h>

static const char token_characters[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* A text of one byte, and the byte in the middle of others. */
static bool is_valid_with(bool (*is_valid)(const char *text), int byte) {
    const char alone[] = {(char)byte, '\0'};
    const char between[] = {'a', (char)byte, 'b', '\0'};
    assert_int_equal(is_valid(alone), is_valid(between));
    return is_valid(alone);
}

TEST(names_are_tokens) {
    for (int byte = 1; byte < 256; byte++)
        assert_int_equal(is_valid_with(field_name_is_valid, byte), strchr(token_characters, byte) != NULL);
    assert_true(field_name_is_valid(token_characters));
}

TEST(empty_name_is_none) {
    assert_false(field_name_is_valid(""));
}

TEST(values_have_no_control_character_but_the_tab) {
    for (int byte = 1; byte < 256; byte++)
        assert_int_equal(is_valid_with(field_value_is_valid, byte), byte == '\t' || (byte >= 0x20 && byte != 0x7F));
}

TEST(empty_value_is_valid) {
    assert_true(field_value_is_valid(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_tokens),
        cmocka_unit_test(empty_name_is_none),
        cmocka_unit_test(values_have_no_control_character_but_the_tab),
        cmocka_unit_test(empty_value_is_valid),
    };
    return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
