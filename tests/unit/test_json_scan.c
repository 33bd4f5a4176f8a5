#include "base/json_scan.h"

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A text with its length: some hold a NUL. */
#define TEXT(text) text, sizeof(text) - 1

struct text {
    const char *bytes;
    size_t len;
};

/* From a copy with nothing behind it, so that a sanitizer sees a read too far. */
static enum json_scan_verdict scan(const char *text, size_t len, size_t max_values, struct json_scan_fault *fault) {
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, text, len);
    enum json_scan_verdict verdict = json_scan(copy, len, max_values, fault);
    free(copy);
    return verdict;
}

static void assert_accepted(const char *text, size_t len) {
    struct json_scan_fault fault;
    if (scan(text, len, 1000, &fault) != JSON_SCAN_OK)
        fail_msg("refused: %.*s: %s at %zu", (int)len, text, fault.reason, fault.offset);
}

static void assert_refused(const char *text, size_t len) {
    struct json_scan_fault fault;
    if (scan(text, len, 1000, &fault) != JSON_SCAN_MALFORMED)
        fail_msg("accepted: %.*s", (int)len, text);
    assert_non_null(fault.reason);
    assert_true(fault.offset <= len);
}

static void assert_fault(const char *text, size_t len, size_t offset, const char *reason) {
    struct json_scan_fault fault;
    assert_int_equal(scan(text, len, 1000, &fault), JSON_SCAN_MALFORMED);
    assert_string_equal(fault.reason, reason);
    assert_int_equal(fault.offset, offset);
}

TEST(what_the_rfc_allows_is_accepted) {
    static const struct text texts[] = {
        {TEXT("null")},
        {TEXT("true")},
        {TEXT("false")},
        {TEXT("\"\"")},
        {TEXT("[]")},
        {TEXT("{}")},
        {TEXT(" \t\r\n[ \t\r\n] \t\r\n")},
        {TEXT("{ \"a\" : 1 , \"b\" : [ ] }")},
        {TEXT("[[],{},[[]],{\"\":{}}]")},
        {TEXT("[1,2.5,\"x\",null,true,false,{\"k\":[0]}]")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_accepted(texts[i].bytes, texts[i].len);
}

TEST(numbers_of_the_rfc_are_accepted) {
    static const char *const numbers[] = {
        "0",     "-0",     "1",     "-1",       "10",   "1234567890123456789012345678901234567890",
        "0.0",   "-0.5",   "1.25",  "0e0",      "1E10", "1e+10",
        "1e-10", "1.5e99", "1e307", "-1E-0009",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_accepted(numbers[i], strlen(numbers[i]));
}

TEST(other_numbers_are_refused) {
    static const char *const numbers[] = {
        "01",    "00",    "-01",   "-",    "+1",    ".5",  "-.5",      "1.",        "1.e5", "1e",  "1e+", "1E-",
        "1.5.5", "1e5e5", "1e5.5", "0x10", "1_000", "NaN", "Infinity", "-Infinity", "1f",   "--1", "1-",  "1,",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_refused(numbers[i], strlen(numbers[i]));
}

/* Magnitudes that a double holds, however they are written. */
TEST(numbers_have_their_limit) {
    static const char *const taken[] = {
        "9.99e307",  "-9.99e307",           "99.9e306", "0.0999e309",           "0.0001e311", "1e+0000000307", "0e999",
        "-0.000e99", "0e99999999999999999", "1e-999",   "1e-99999999999999999",
    };
    static const char *const beyond[] = {
        "1e308", "-1e308", "1.5e308", "1e999", "0.001e311", "10e307", "1e99999999999999999", "-0.1E+00309",
    };
    struct json_scan_fault fault;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        assert_accepted(taken[i], strlen(taken[i]));
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        if (scan(beyond[i], strlen(beyond[i]), 1, &fault) != JSON_SCAN_BEYOND)
            fail_msg("taken: %s", beyond[i]);
        assert_string_equal(fault.reason, "a number is too large");
    }
}

TEST(long_numbers_count_by_their_magnitude) {
    char text[1000];
    struct json_scan_fault fault;
    memset(text, '7', sizeof text);
    assert_accepted(text, 308);
    assert_int_equal(scan(text, 309, 1, &fault), JSON_SCAN_BEYOND);
    text[1] = '.';
    assert_accepted(text, sizeof text);
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + 990, "1e1295", 6); /* 988 zeros stand before it: 1e306 */
    assert_accepted(text, 996);
    memcpy(text + 990, "1e1297", 6);
    assert_int_equal(scan(text, 996, 1, &fault), JSON_SCAN_BEYOND);
}

TEST(broken_structure_is_refused) {
    static const char *const texts[] = {
        "",
        " ",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[,1]",
        "[1,]",
        "[1,,2]",
        "[1 2]",
        "[1}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{a:1}",
        "{\"a\" 1}",
        "{null:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "[] []",
        "1 2",
        "[]x",
        "{\"a\"::1}",
        "[\"a\":1]",
        "{[]:1}",
        "/**/1",
        "[1]//",
        "'a'",
        "tru",
        "True",
        "nul",
        "nulll",
        "truefalse",
        "fals e",
        "undefined",
        ",",
        ":",
        "[1],",
        "\"a\"\"b\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i], strlen(texts[i]));
}

TEST(strings_of_the_rfc_are_accepted) {
    static const struct text texts[] = {
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")},
        {TEXT("\"\\u0001\\u001F\\u001f\\uFFFF\\uabCD\"")},
        {TEXT("\"\\uD83D\\uDE00\\ud800\\udc00\\uDBFF\\uDFFF\"")},
        {TEXT("\"\x7F \xC2\x80\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\"")},
        {TEXT("{\"\\u0061\\\"\":\"\"}")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_accepted(texts[i].bytes, texts[i].len);
}

TEST(broken_strings_are_refused) {
    static const struct text texts[] = {
        {TEXT("\"")},
        {TEXT("\"a")},
        {TEXT("\"\\\"")},
        {TEXT("\"\\")},
        {TEXT("\"\\a\"")},
        {TEXT("\"\\x41\"")},
        {TEXT("\"\\'\"")},
        {TEXT("\"\\U0041\"")},
        {TEXT("\"\\u\"")},
        {TEXT("\"\\u004\"")},
        {TEXT("\"\\u00g0\"")},
        {TEXT("\"\\u 041\"")},
        {TEXT("\"\\u0000\"")},
        {TEXT("\"\\uD800\"")},
        {TEXT("\"\\uDC00\"")},
        {TEXT("\"\\uDC00\\uD800\"")},
        {TEXT("\"\\uD800\\uD800\"")},
        {TEXT("\"\\uD800x\"")},
        {TEXT("\"\\uD800\\n\"")},
        {TEXT("\"\\uD800\\u0041\"")},
        {TEXT("\"\\uDBFF\\uE000\"")},
        {TEXT("\"\\uD800\\uDBFF\"")},
        {TEXT("\"\xC3\xA9\\\xC3\xA9\"")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i].bytes, texts[i].len);
}

TEST(control_characters_in_strings_are_refused) {
    for (int byte = 0; byte < 0x20; byte++) {
        const char text[] = {'"', 'a', (char)byte, 'b', '"'};
        assert_refused(text, sizeof text);
    }
}

TEST(bytes_that_are_not_utf8_are_refused) {
    static const struct text texts[] = {
        {TEXT("\"\x80\"")},         {TEXT("\"\xFF\"")},         {TEXT("\"\xC3\"")},
        {TEXT("\"\xC0\xAF\"")},     {TEXT("\"\xE0\x80\x80\"")}, {TEXT("\"\xED\xA0\x80\"")},
        {TEXT("\"\xE2\x82\"")},     {TEXT("\"\xF0\x9F\x98\"")}, {TEXT("\"\xF4\x90\x80\x80\"")},
        {TEXT("\"\xF8\x88\x80\"")}, {TEXT("\xEF\xBB\xBF[]")},   {TEXT("[\xC2\xA0]")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i].bytes, texts[i].len);
}

TEST(nul_is_refused_everywhere) {
    static const char text[] = "[ {\"a\" :1.5e1, \"b\":\"c\\n\\u0041\"},true, -0 ]";
    assert_accepted(TEXT(text));
    for (size_t at = 0; at < sizeof text; at++) { /* the one behind the text counts as well */
        char with[sizeof text + 1];
        memcpy(with, text, at);
        with[at] = '\0';
        memcpy(with + at + 1, text + at, sizeof text - 1 - at);
        assert_refused(with, sizeof text);
    }
}

TEST(every_truncation_is_refused) {
    static const char text[] = " {\"a\\u00e9\" : [1.5e+3 , -0, true,false, null, \"\\uD83D\\uDE00 \xE2\x82\xAC\"],\n"
                               "\t\"b\":{\"c\":{}, \"d\":[[]]}}";
    assert_accepted(TEXT(text));
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_refused(text, len);
}

TEST(offset_is_that_of_the_first_wrong_byte) {
    assert_fault(TEXT(""), 0, "not a JSON value");
    assert_fault(TEXT("  x"), 2, "not a JSON value");
    assert_fault(TEXT("[1,2"), 4, "a comma or a closing bracket is missing");
    assert_fault(TEXT("{\"a\":1 ]"), 7, "a comma or a closing brace is missing");
    assert_fault(TEXT("{\"a\" 1}"), 5, "a colon is missing");
    assert_fault(TEXT("{\"a\":1, 2}"), 8, "a string is missing");
    assert_fault(TEXT("[007]"), 2, "a number begins with a zero");
    assert_fault(TEXT("[1.]"), 3, "a digit is missing");
    assert_fault(TEXT("[\"\\q\"]"), 3, "an unknown escape in a string");
    assert_fault(TEXT("[\"\\u00x\"]"), 6, "\\u needs four hexadecimal digits");
    assert_fault(TEXT("[\"a\xFF\"]"), 3, "bytes that are not UTF-8");
    assert_fault(TEXT("[\"a\x01\"]"), 3, "a control character in a string");
    assert_fault(TEXT("[\"a\n\n b\"]"), 3, "a control character in a string");
    assert_fault(TEXT("[\"\\ x\"]"), 3, "an unknown escape in a string");
    assert_fault(TEXT("\"abc"), 4, "a string does not end");
    assert_fault(TEXT("[] \n x"), 5, "something follows the value");
    assert_fault(TEXT("[nul]"), 1, "not a JSON value");
}

/* `depth` levels of arrays, or of objects in one another, that all are closed. */
static size_t write_nested(char *text, size_t depth, bool objects) {
    size_t n = 0;
    for (size_t i = 0; i < depth; i++) {
        const char *open = !objects ? "[" : i + 1 < depth ? "{\"a\":" : "{";
        memcpy(text + n, open, strlen(open));
        n += strlen(open);
    }
    memset(text + n, objects ? '}' : ']', depth);
    return n + depth;
}

TEST(depth_has_its_limit) {
    char text[1000];
    struct json_scan_fault fault;
    for (int objects = 0; objects <= 1; objects++) {
        size_t len = write_nested(text, JSON_SCAN_MAX_DEPTH, objects != 0);
        assert_accepted(text, len);
        len = write_nested(text, JSON_SCAN_MAX_DEPTH + 1, objects != 0);
        assert_int_equal(scan(text, len, 1000, &fault), JSON_SCAN_BEYOND);
        assert_string_equal(fault.reason, "nested too deeply");
    }
}

TEST(depth_counts_what_is_open_only) {
    char text[2000] = "[";
    size_t n = 1;
    for (int i = 0; i < 20; i++) {
        n += write_nested(text + n, JSON_SCAN_MAX_DEPTH - 1, false);
        text[n++] = ',';
    }
    text[n - 1] = ']';
    assert_accepted(text, n);
}

TEST(levels_of_both_kinds_close_in_their_order) {
    assert_accepted(TEXT("[{\"a\":[{\"b\":[]}]}]"));
    assert_refused(TEXT("[{\"a\":[{\"b\":[]]}}]"));
    assert_refused(TEXT("[{\"a\":[{\"b\":[}}]}]"));
    assert_refused(TEXT("{\"a\":[1,\"b\":2]}"));
}

static void assert_doubled(const char *text, size_t offset) {
    struct json_scan_fault fault;
    if (scan(text, strlen(text), 1000, &fault) != JSON_SCAN_BEYOND)
        fail_msg("taken: %s", text);
    assert_string_equal(fault.reason, "a name stands twice in one object");
    assert_int_equal(fault.offset, offset);
}

TEST(name_that_stands_twice_is_refused) {
    assert_doubled("{\"a\":1,\"a\":1}", 7);
    assert_doubled("{\"a\":1, \"b\":2 , \"\\u0061\":3}", 16);
    assert_doubled("[1,{\"x\":{\"y\":[{\"z\":0,\"a\":{},\"b\":[],\"a\":null}]}}]", 35);
    assert_doubled("{\"\":1,\"\":2}", 6);
    assert_doubled("{\"a\":{\"b\":{\"a\":1},\"c\":[{\"a\":1}]},\"a\":1}", 33);
}

TEST(same_name_in_different_objects_is_accepted) {
    assert_accepted(TEXT("[{\"a\":1},{\"a\":1}]"));
    assert_accepted(TEXT("{\"a\":{\"a\":{\"a\":1}},\"A\":2,\"\":3,\"b\":{\"a\":0}}"));
}

static void assert_count(const char *text, size_t values) {
    struct json_scan_fault fault;
    assert_int_equal(scan(text, strlen(text), values, &fault), JSON_SCAN_OK);
    assert_int_equal(scan(text, strlen(text), values - 1, &fault), JSON_SCAN_TOO_MANY);
    assert_string_equal(fault.reason, "too many values");
}

TEST(values_have_their_limit) {
    assert_count("1", 1);
    assert_count("[]", 1);
    assert_count("[1,2,3]", 4);
    assert_count("[[],{},[[]]]", 5);
    assert_count("{\"a\":1,\"b\":{\"c\":\"d\"}}", 4); /* names do not count */
}

TEST(what_stands_behind_the_limit_is_not_looked_at) {
    struct json_scan_fault fault;
    assert_int_equal(scan(TEXT("[1,2,3,\xFF\x00]"), 3, &fault), JSON_SCAN_TOO_MANY);
    assert_int_equal(fault.offset, 5);
}

TEST(the_grammar_alone_lets_nul_and_repeated_names_pass) {
    struct json_scan_fault fault;
    assert_int_equal(json_scan_grammar(TEXT("{\"a\":\"\\u0000\",\"a\":[{\"a\":1}]}"), &fault), JSON_SCAN_OK);
    assert_int_equal(json_scan_grammar(TEXT("{\"a\":\"\\ud800\"}"), &fault), JSON_SCAN_MALFORMED);
    assert_int_equal(json_scan_grammar(TEXT("{\"a\":\"\x00\"}"), &fault), JSON_SCAN_MALFORMED);
    assert_int_equal(json_scan_grammar(TEXT("{\"a\":1"), &fault), JSON_SCAN_MALFORMED);
    assert_int_equal(json_scan_grammar(TEXT("{\"a\":1}}"), &fault), JSON_SCAN_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfc_allows_is_accepted),
        cmocka_unit_test(numbers_of_the_rfc_are_accepted),
        cmocka_unit_test(other_numbers_are_refused),
        cmocka_unit_test(numbers_have_their_limit),
        cmocka_unit_test(long_numbers_count_by_their_magnitude),
        cmocka_unit_test(broken_structure_is_refused),
        cmocka_unit_test(strings_of_the_rfc_are_accepted),
        cmocka_unit_test(broken_strings_are_refused),
        cmocka_unit_test(control_characters_in_strings_are_refused),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(nul_is_refused_everywhere),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(offset_is_that_of_the_first_wrong_byte),
        cmocka_unit_test(depth_has_its_limit),
        cmocka_unit_test(depth_counts_what_is_open_only),
        cmocka_unit_test(levels_of_both_kinds_close_in_their_order),
        cmocka_unit_test(name_that_stands_twice_is_refused),
        cmocka_unit_test(same_name_in_different_objects_is_accepted),
        cmocka_unit_test(values_have_their_limit),
        cmocka_unit_test(what_stands_behind_the_limit_is_not_looked_at),
        cmocka_unit_test(the_grammar_alone_lets_nul_and_repeated_names_pass),
    };
    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
