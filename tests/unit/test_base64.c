#include "base/base64.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 64 };

static void assert_decodes(const char *text, const char *bytes, size_t count) {
    char out[ROOM];
    size_t len = 99;
    assert_true(base64_room(strlen(text)) >= count && base64_room(strlen(text)) <= ROOM);
    assert_int_equal(base64_decode(text, strlen(text), out, &len), ERR_NONE);
    assert_int_equal(len, count);
    assert_memory_equal(out, bytes, count);
}

static void assert_refused(const char *text, size_t len) {
    char out[ROOM];
    size_t count = 99;
    if (base64_decode(text, len, out, &count) != ERR_INVALID)
        fail_msg("taken: %s", text);
    assert_int_equal(count, 99);
}

/* RFC 4648, section 10. */
TEST(vectors_of_the_standard_decode) {
    assert_decodes("", "", 0);
    assert_decodes("Zg==", "f", 1);
    assert_decodes("Zm8=", "fo", 2);
    assert_decodes("Zm9v", "foo", 3);
    assert_decodes("Zm9vYg==", "foob", 4);
    assert_decodes("Zm9vYmE=", "fooba", 5);
    assert_decodes("Zm9vYmFy", "foobar", 6);
}

TEST(any_byte_can_be_written) {
    assert_decodes("AAEC/f7/", "\0\1\2\xFD\xFE\xFF", 6);
    assert_decodes("+/+/", "\xFB\xFF\xBF", 3);
}

TEST(what_is_not_base64_is_refused) {
    static const char *const texts[] = {
        "Z",        "Zg",       "Zg=",      "Zg===", "=",    "==",   "===",  "====",     "Zm9v=",
        "Zm9vZg",   "Z===",     "Zm9$",     "Zm9-",  "Zm9_", "Zm 9", "Zm9 ", " Zm9v",    "Zm9\n",
        "Zm9v\r\n", "Zg==Zg==", "Zm8=Zm9v", "Z=9v",  "=m9v", "Zm=v", "Zg=A", "Zm9v====", "Zm9\xC3\xA9",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i], strlen(texts[i]));
    assert_refused("Zm\0v", 4);
}

TEST(bits_that_stand_for_nothing_are_refused) {
    assert_refused("Zh==", 4);
    assert_refused("Zv==", 4);
    assert_refused("Zm9=", 4);
    assert_refused("Zm+=", 4);
}

/* Every group of four characters either decodes, and is what those bytes are written as, or is refused. */
TEST(no_two_texts_stand_for_the_same_bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t taken[3] = {0};
    for (int a = 0; a < 128; a++)
        for (int b = 0; b < 128; b++)
            for (int pad = 0; pad < 2; pad++) {
                const char text[4] = {(char)a, (char)b, pad ? '=' : 'A', pad ? '=' : 'A'};
                char out[3];
                size_t len;
                if (base64_decode(text, 4, out, &len))
                    continue;
                assert_non_null(memchr(digits, a, 64));
                assert_int_equal(digits[(unsigned char)out[0] >> 2], a);
                assert_int_equal(len, pad ? 1 : 3);
                taken[len - 1]++;
            }
    assert_int_equal(taken[0], 256);
    assert_int_equal(taken[2], 64 * 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_standard_decode),
        cmocka_unit_test(any_byte_can_be_written),
        cmocka_unit_test(what_is_not_base64_is_refused),
        cmocka_unit_test(bits_that_stand_for_nothing_are_refused),
        cmocka_unit_test(no_two_texts_stand_for_the_same_bytes),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
