#include "base/json_names.h"

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_names names;

static int begin(void **state) {
    (void)state;
    names.count = 0;
    return 0;
}

/* From a copy with nothing behind it. */
static const char *add(const char *raw, size_t len) {
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, raw, len);
    const char *why = json_names_add(&names, 0, copy, len);
    free(copy);
    return why;
}

static void assert_same(const char *one, const char *other) {
    names.count = 0;
    assert_null(add(one, strlen(one)));
    const char *why = add(other, strlen(other));
    if (!why)
        fail_msg("not the same: %s and %s", one, other);
    assert_string_equal(why, "a name stands twice in one object");
    assert_int_equal(names.count, 1);
}

TEST(names_are_compared_as_they_are_meant) {
    assert_same("", "");
    assert_same("a", "\\u0061");
    assert_same("\\u004A\\u006a", "Jj");
    assert_same("\xC3\xA9", "\\u00e9");
    assert_same("\xE2\x82\xAC", "\\u20AC");
    assert_same("\xF0\x9F\x98\x80", "\\uD83D\\ude00");
    assert_same("\xF4\x8F\xBF\xBF", "\\udbff\\uDFFF");
    assert_same("\\/\\\\\\\"", "/\\u005c\\u0022");
    assert_same("\\b\\f\\n\\r\\t", "\\u0008\\u000c\\u000A\\u000d\\u0009");
    assert_same("\\u007f\\u0080\\u07ff\\u0800\\uffff", "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
}

TEST(names_that_differ_are_taken) {
    static const char *const all[] = {
        "", "a", "A", "aa", "ab", "\\\\u0061", "\xC3\xA9", "e\xCC\x81", "\\ud83d\\ude01", "\\ud83d\\ude00", " a", "a ",
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_null(add(all[i], strlen(all[i])));
    assert_int_equal(names.count, sizeof all / sizeof all[0]);
}

TEST(objects_outside_do_not_count) {
    assert_null(json_names_add(&names, 0, "a", 1));
    assert_null(json_names_add(&names, 1, "a", 1));
    assert_non_null(json_names_add(&names, 1, "a", 1));
    names.count = 1; /* the inner one has ended */
    assert_null(json_names_add(&names, 0, "b", 1));
    assert_non_null(json_names_add(&names, 0, "a", 1));
}

TEST(names_have_their_limit) {
    char text[16];
    for (int i = 0; i < JSON_NAMES_MAX; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        assert_null(add(text, strlen(text)));
    }
    assert_string_equal(add("x", 1), "too many names in one object");
    names.count--;
    assert_null(add("x", 1));
}

TEST(length_has_its_limit) {
    char text[JSON_NAMES_MAX_BYTES + 1];
    memset(text, 'n', sizeof text);
    assert_null(add(text, JSON_NAMES_MAX_BYTES));
    assert_string_equal(add(text, sizeof text), "a name is too long");
    text[0] = '\\'; /* with an escape it goes through the room for decoding */
    assert_null(add(text, JSON_NAMES_MAX_BYTES));
    assert_string_equal(add(text, sizeof text), "a name is too long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names_are_compared_as_they_are_meant, begin),
        cmocka_unit_test_setup(names_that_differ_are_taken, begin),
        cmocka_unit_test_setup(objects_outside_do_not_count, begin),
        cmocka_unit_test_setup(names_have_their_limit, begin),
        cmocka_unit_test_setup(length_has_its_limit, begin),
    };
    return cmocka_run_group_tests_name("json_names", tests, NULL, NULL);
}
