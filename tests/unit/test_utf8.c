#include "base/utf8.h"
#include "unit.h"

#include <string.h>

static size_t sequence(const char *text) {
    return utf8_sequence(text, strlen(text));
}

static void assert_invalid(const char *text) {
    assert_int_equal(sequence(text), 0);
    assert_false(utf8_is_valid(text, strlen(text)));
}

/* RFC 3629, section 3, without any check. */
static size_t encode(unsigned c, char ret_text[5]) {
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        ret_text[i] = (char)(0x80 | (c & 0x3F));
    ret_text[0] = (char)(first[n] | c);
    ret_text[n] = '\0';
    return n;
}

TEST(every_code_point_but_the_surrogates_is_valid) {
    for (unsigned c = 0; c <= 0x10FFFF; c++) {
        char text[5];
        size_t n = encode(c, text);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        assert_int_equal(utf8_sequence(text, n), surrogate ? 0 : n);
        if (n > 1)
            assert_int_equal(utf8_sequence(text, n - 1), 0);
    }
}

TEST(beyond_the_last_code_point_is_invalid) {
    assert_int_equal(sequence("\xF4\x8F\xBF\xBF"), 4);
    assert_invalid("\xF4\x90\x80\x80");
    assert_invalid("\xF5\x80\x80\x80");
    assert_invalid("\xF8\x88\x80\x80\x80");
    assert_invalid("\xFC\x84\x80\x80\x80\x80");
    assert_invalid("\xFE");
    assert_invalid("\xFF");
}

TEST(overlong_forms_are_invalid) {
    assert_invalid("\xC0\x80");
    assert_invalid("\xC0\xAF");
    assert_invalid("\xC1\xBF");
    assert_int_equal(sequence("\xC2\x80"), 2);
    assert_invalid("\xE0\x80\x80");
    assert_invalid("\xE0\x9F\xBF");
    assert_int_equal(sequence("\xE0\xA0\x80"), 3);
    assert_invalid("\xF0\x80\x80\x80");
    assert_invalid("\xF0\x8F\xBF\xBF");
    assert_int_equal(sequence("\xF0\x90\x80\x80"), 4);
}

TEST(surrogates_are_invalid) {
    assert_int_equal(sequence("\xED\x9F\xBF"), 3);
    assert_invalid("\xED\xA0\x80");
    assert_invalid("\xED\xBF\xBF");
    assert_int_equal(sequence("\xEE\x80\x80"), 3);
    assert_invalid("\xED\xA0\xBD\xED\xB8\x80");
}

TEST(continuation_bytes_stand_in_their_places_only) {
    for (unsigned c = 0x80; c <= 0xBF; c++)
        assert_invalid((const char[]){(char)c, 0});
    assert_invalid("\xC3(");
    assert_invalid("\xE2\x82(");
    assert_invalid("\xE2(\xA1");
    assert_invalid("\xF0\x9F\x98(");
    assert_invalid("\xF0\x9F(\x80");
    assert_invalid("\xC3\xC3\xA9");
}

TEST(cut_sequences_are_invalid) {
    assert_invalid("\xC3");
    assert_invalid("\xE2\x82");
    assert_invalid("\xF0\x9F\x98");
}

TEST(byte_order_mark_is_told) {
    assert_int_equal(utf8_mark("\xEF\xBB\xBFx", 4), 3);
    assert_int_equal(utf8_mark("\xEF\xBB\xBF", 3), 3);
    assert_int_equal(utf8_mark("\xEF\xBB\xBF", 2), 0);
    assert_int_equal(utf8_mark("\xEF\xBB\xBEx", 4), 0);
    assert_int_equal(utf8_mark("", 0), 0);
}

TEST(texts_are_valid_when_all_their_sequences_are) {
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0b", 3));
    assert_true(utf8_is_valid("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 14));
    assert_false(utf8_is_valid("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 13));
    assert_false(utf8_is_valid("ok\xFFok", 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_the_surrogates_is_valid),
        cmocka_unit_test(beyond_the_last_code_point_is_invalid),
        cmocka_unit_test(overlong_forms_are_invalid),
        cmocka_unit_test(surrogates_are_invalid),
        cmocka_unit_test(continuation_bytes_stand_in_their_places_only),
        cmocka_unit_test(cut_sequences_are_invalid),
        cmocka_unit_test(byte_order_mark_is_told),
        cmocka_unit_test(texts_are_valid_when_all_their_sequences_are),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
