#include "pool/head.h"

#include "unit.h"

#include <string.h>

static const char whole[] =
    "HTTP/1.1 200 Well  done\r\nA: 1\r\n folded: x\r\nno field\r\n: none\r\nB:\t two \t\r\na:3\r\n\r\n";

static void assert_text(struct head_text text, const char *expected) {
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.text, expected, text.len);
}

TEST(fields_come_one_after_the_other) {
    struct head h;
    struct head_field field;
    assert_text(head_begin(&h, whole, strlen(whole)), "HTTP/1.1 200 Well  done");
    assert_true(head_next(&h, &field));
    assert_text(field.name, "A");
    assert_text(field.value, "1");
    assert_true(head_next(&h, &field));
    assert_text(field.name, "B");
    assert_text(field.value, "two");
    assert_true(head_next(&h, &field));
    assert_text(field.value, "3");
    assert_false(head_next(&h, &field));
}

TEST(head_that_ends_anywhere_is_read_to_its_end) {
    for (size_t len = 0; len <= strlen(whole); len++) {
        struct head h;
        struct head_field field;
        size_t count = 0;
        struct head_text line = head_begin(&h, whole, len);
        assert_true(line.len <= len);
        while (head_next(&h, &field))
            count++;
        assert_true(count <= 3);
    }
}

TEST(nothing_has_no_line_and_no_field) {
    struct head h;
    struct head_field field;
    assert_text(head_begin(&h, NULL, 0), "");
    assert_false(head_next(&h, &field));
}

TEST(field_is_found_in_whatever_case) {
    struct head_text value;
    assert_true(head_find(whole, strlen(whole), "a", &value));
    assert_text(value, "1");
    assert_true(head_find(whole, strlen(whole), "b", &value));
    assert_text(value, "two");
    assert_false(head_find(whole, strlen(whole), "ab", &value));
    assert_false(head_find(NULL, 0, "a", &value));
    assert_text(value, "two");
}

TEST(words_are_taken_from_the_front) {
    struct head_text rest = {.text = "HTTP/1.1  200 OK", .len = 16};
    assert_text(head_word(&rest), "HTTP/1.1");
    assert_text(head_word(&rest), "200");
    assert_text(rest, "OK");
    assert_text(head_word(&rest), "OK");
    assert_text(head_word(&rest), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_one_after_the_other),
        cmocka_unit_test(head_that_ends_anywhere_is_read_to_its_end),
        cmocka_unit_test(nothing_has_no_line_and_no_field),
        cmocka_unit_test(field_is_found_in_whatever_case),
        cmocka_unit_test(words_are_taken_from_the_front),
    };
    return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
