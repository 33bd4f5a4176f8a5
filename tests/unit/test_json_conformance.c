/* What RFC 8259 allows, what it forbids and what it leaves open, at the scanner and through the tree.
 *
 * With FETCHPOOL_JSON_SUITE set to the folder test_parsing of https://github.com/nst/JSONTestSuite its files are judged
 * as well: y_ has to be taken but for those that are refused on purpose, n_ refused; of i_ it says what is done. */
#include "api/json_parse.h"
#include "base/json_scan.h"
#include "unit.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 512, MAX_VALUES = 1000 };

struct row {
    const char *text;
    size_t len;
    const char *tree; /* what cJSON prints of it; NULL: the text itself */
};

#define ROW(text)                                                                                                      \
    { text, sizeof(text) - 1, NULL }
#define ROW_AS(text, tree)                                                                                             \
    { text, sizeof(text) - 1, tree }

/* Values, each of which may stand wherever a value may. */
static const struct row sound[] = {
    ROW("null"),
    ROW("true"),
    ROW("false"),
    ROW("0"),
    ROW("7"),
    ROW("-7"),
    ROW("1234567890"),
    ROW("0.5"),
    ROW("-0.25"),
    ROW("1e+40"),
    ROW_AS("-0", "-0"),
    ROW_AS("1E3", "1000"),
    ROW_AS("1e-2", "0.01"),
    ROW_AS("12.50e01", "125"),
    ROW_AS("0e+7", "0"),
    ROW_AS("0.0000000000000000000000000000000000000000000000000000000000000000000000000000001", "1e-79"),
    ROW_AS("100000000000000000000000000000000000000000000000000000000000000000000000000000000", "1e+80"),
    ROW("\"\""),
    ROW("\"text with blanks\""),
    ROW("\"\\\"\\\\\\b\\f\\n\\r\\t\""),
    ROW("\"\x7F\""),
    ROW("\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\""),
    ROW("\"\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF\""), /* line and paragraph separator, byte order mark */
    ROW("\"/*no comment*/ // nor this\""),
    ROW("\"[{]}:,\""),
    ROW_AS("\"\\/\"", "\"/\""),
    ROW_AS("\"\\u0041\\u00e9\\u20AC\"", "\"A\xC3\xA9\xE2\x82\xAC\""),
    ROW_AS("\"\\uD834\\udd1e\"", "\"\xF0\x9D\x84\x9E\""),
    ROW_AS("\"\\u0001\\u001f\"", "\"\\u0001\\u001f\""),
    ROW_AS("\"\\uFFFE\\uFDD0\"", "\"\xEF\xBF\xBE\xEF\xB7\x90\""),
    ROW_AS("\"\\\\u0000\"", "\"\\\\u0000\""),
    ROW("[]"),
    ROW("{}"),
    ROW("[[],[[]],{}]"),
    ROW("{\"\":\"\"}"),
    ROW("{\"a\":{\"a\":[{\"a\":null}]},\"A\":1}"),
    ROW_AS("[ 1\t,\r2\n, 3 ]", "[1,2,3]"),
    ROW_AS("{ \"a\"\n:\t1 ,\r\"b\" : [ ] }", "{\"a\":1,\"b\":[]}"),
    ROW_AS("{\"\\u0061\\\"\":1}", "{\"a\\\"\":1}"),
};

/* What is no value, wherever it stands. */
static const struct row broken[] = {
    ROW("nul"),
    ROW("nulL"),
    ROW("True"),
    ROW("FALSE"),
    ROW("undefined"),
    ROW("NaN"),
    ROW("-NaN"),
    ROW("Infinity"),
    ROW("-Infinity"),
    ROW("inf"),
    ROW("name"),
    ROW("tru e"),
    ROW("truetrue"),
    ROW("null0"),
    ROW("-"),
    ROW("--1"),
    ROW("+1"),
    ROW("- 1"),
    ROW("00"),
    ROW("-01"),
    ROW("01.5"),
    ROW(".5"),
    ROW("-.5"),
    ROW("5."),
    ROW("5.e1"),
    ROW("1.2.3"),
    ROW("1e"),
    ROW("1e+"),
    ROW("1E-"),
    ROW("1ee2"),
    ROW("1e2.5"),
    ROW("1e 2"),
    ROW("1 .5"),
    ROW("0x1F"),
    ROW("1F"),
    ROW("1_000"),
    ROW("1,000,"),
    ROW("1 000"),
    ROW("\xD9\xA1"),     /* an Arabic digit */
    ROW("\xEF\xBC\x91"), /* a full-width digit */
    ROW("\xE2\x88\x92"
        "1"), /* a minus sign of its own */
    ROW("'a'"),
    ROW("`a`"),
    ROW("\"a"),
    ROW("a\""),
    ROW("\"a\"b\""),
    ROW("\"a\" \"b\""),
    ROW("\"\\\""),
    ROW("\"\\a\""),
    ROW("\"\\0\""),
    ROW("\"\\x41\""),
    ROW("\"\\'\""),
    ROW("\"\\N\""),
    ROW("\"\\ \""),
    ROW("\"\\\n\""),
    ROW("\"\\\xC3\xA9\""),
    ROW("\"\\u\""),
    ROW("\"\\u12\""),
    ROW("\"\\u123\""),
    ROW("\"\\u123g\""),
    ROW("\"\\u+123\""),
    ROW("\"\\u-123\""),
    ROW("\"\\uD83D\\u00\""),
    ROW("\"\\uD83D\\\""),
    ROW("\"\n\""),
    ROW("\"\t\""),
    ROW("\"a\0b\""),
    ROW("\"\x1F\""),
    ROW("\0"),
    ROW("\x0B"
        "1"), /* white space of other languages */
    ROW("\f1"),
    ROW("\xC2\xA0"
        "1"),
    ROW("\xE2\x80\xA8"
        "1"),
    ROW("\xE2\x81\xA0"
        "1"),
    ROW("\xEF\xBB\xBF"
        "1"),
    ROW("\xFF"),
    ROW("1\xE5"),
    ROW("1/**/"),
    ROW("/**/1"),
    ROW("1#"),
    ROW("1//\n"),
    ROW("1;"),
    ROW("<!-- -->"),
    ROW("(1)"),
    ROW("["),
    ROW("]"),
    ROW("[1"),
    ROW("[1,"),
    ROW("[1,]"),
    ROW("[,1]"),
    ROW("[,]"),
    ROW("[1,,2]"),
    ROW("[1 2]"),
    ROW("[1:2]"),
    ROW("[\"a\":1]"),
    ROW("[1}"),
    ROW("[1]]"),
    ROW("[[1]"),
    ROW("[][]"),
    ROW("[*]"),
    ROW("[1\0]"),
    ROW("{"),
    ROW("}"),
    ROW("{\"a\""),
    ROW("{\"a\":"),
    ROW("{\"a\":1"),
    ROW("{\"a\":1,"),
    ROW("{\"a\":1,}"),
    ROW("{,\"a\":1}"),
    ROW("{,}"),
    ROW("{\"a\"}"),
    ROW("{\"a\",\"b\"}"),
    ROW("{\"a\":}"),
    ROW("{:1}"),
    ROW("{\"a\" 1}"),
    ROW("{\"a\"=1}"),
    ROW("{\"a\":1 \"b\":2}"),
    ROW("{\"a\":1;\"b\":2}"),
    ROW("{\"a\"::1}"),
    ROW("{\"a\":1:2}"),
    ROW("{\"a\":1]"),
    ROW("{\"a\":1}}"),
    ROW("{a:1}"),
    ROW("{'a':1}"),
    ROW("{1:1}"),
    ROW("{null:1}"),
    ROW("{[]:1}"),
    ROW("{\"a\":1}{}"),
    ROW("{\"\xB9\":1}"),
    ROW("{\"a\":1,...}"),
    ROW("{*}"),
};

/* What the RFC leaves to the implementation, all refused here. */
static const struct row open_to_choice[] = {
    ROW("{\"a\":1,\"a\":2}"),
    ROW("{\"a\":1,\"\\u0061\":1}"),
    ROW("\"\\u0000\""),
    ROW("\"\\uD800\""),
    ROW("\"\\uDFFF\""),
    ROW("\"\\uDC00\\uD800\""),
    ROW("\"\\uD800\\uD800\\uDC00\""),
    ROW("\"\\uD800abc\""),
    ROW("\"\\uD800\\n\""),
    ROW("\"\\uD800\\u0041\""),
    ROW("\"\xC0\x80\""),
    ROW("\"\xC1\xBF\""),
    ROW("\"\xE0\x9F\xBF\""),
    ROW("\"\xED\xA0\x80\""),
    ROW("\"\xED\xBF\xBF\""),
    ROW("\"\xF0\x8F\xBF\xBF\""),
    ROW("\"\xF4\x90\x80\x80\""),
    ROW("\"\xF8\x88\x80\x80\x80\""),
    ROW("\"\x80\""),
    ROW("\"\xE9\""),
    ROW("\"\xE2\x82\""),
    ROW("\"\xF0\x9F\x98\""),
    ROW("1e308"),
    ROW("-1e400"),
    ROW("1e99999999999999999999"),
    ROW("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), /* 33 levels */
};

/* Where a value may stand; the number is how deep. */
static const struct {
    const char *before;
    const char *after;
} places[] = {
    {"", ""},
    {" \t\r\n", "\n"},
    {"[", "]"},
    {"[null, ", " ,0]"},
    {"{\"k\":", "}"},
    {"{\"j\":[],\"k\" : ", " ,\"l\":{}}"},
    {"[{\"k\":[", "]}]"},
};
enum { PLACES = sizeof places / sizeof places[0] };

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* As a copy with nothing behind it. */
static char *place(size_t where, const char *value, size_t len, size_t *ret_len) {
    size_t before = strlen(places[where].before), after = strlen(places[where].after);
    char *text = malloc(before + len + after + 1);
    assert_non_null(text);
    memcpy(text, places[where].before, before);
    memcpy(text + before, value, len);
    memcpy(text + before + len, places[where].after, after);
    *ret_len = before + len + after;
    return text;
}

static bool is_taken(const char *text, size_t len) {
    struct json_scan_fault fault;
    struct problem problem = {0};
    bool scanned = json_scan(text, len, MAX_VALUES, &fault) == JSON_SCAN_OK;
    cJSON *json = json_parse(text, len, MAX_VALUES, 0, &problem);
    assert_int_equal(json != NULL, scanned);
    cJSON_Delete(json);
    return scanned;
}

static void assert_all_refused(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count * PLACES; i++) {
        size_t len;
        char *text = place(i % PLACES, rows[i / PLACES].text, rows[i / PLACES].len, &len);
        if (is_taken(text, len))
            fail_msg("taken: %.*s", (int)len, text);
        free(text);
    }
}

TEST(everything_the_rfc_forbids_is_refused) {
    assert_all_refused(broken, COUNT(broken));
}

TEST(what_programs_read_differently_is_refused) {
    assert_all_refused(open_to_choice, COUNT(open_to_choice));
}

TEST(every_sound_value_is_taken_wherever_it_stands) {
    for (size_t i = 0; i < COUNT(sound) * PLACES; i++) {
        size_t len;
        char *text = place(i % PLACES, sound[i / PLACES].text, sound[i / PLACES].len, &len);
        if (!is_taken(text, len))
            fail_msg("refused: %.*s", (int)len, text);
        free(text);
    }
}

TEST(tree_says_what_the_text_says) {
    for (size_t i = 0; i < COUNT(sound); i++) {
        struct problem problem = {0};
        cJSON *json = json_parse(sound[i].text, sound[i].len, MAX_VALUES, 0, &problem);
        char *printed = cJSON_PrintUnformatted(json);
        assert_string_equal(printed, sound[i].tree ? sound[i].tree : sound[i].text);
        cJSON_free(printed);
        cJSON_Delete(json);
    }
}

/* ---- the public files ---- */

static char *read_whole(const char *folder, const char *name, size_t *ret_len) {
    char path[MAX_TEXT];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot be read: %s", path);
    char *text = malloc(1 << 20);
    assert_non_null(text);
    *ret_len = fread(text, 1, 1 << 20, file);
    (void)fclose(file);
    return text;
}

/* NUL as a character, which C texts end at, and doubled names, which programs read differently. */
static bool is_refused_on_purpose(const char *name) {
    static const char *const names[] = {"y_string_null_escape.json", "y_object_escaped_null_in_key.json",
                                        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

TEST(public_files_are_judged_right) {
    const char *folder = getenv("FETCHPOOL_JSON_SUITE");
    unsigned seen[2] = {0, 0}, wrong = 0;
    if (!folder)
        skip();
    DIR *files = opendir(folder);
    assert_non_null(files);
    for (struct dirent *entry; (entry = readdir(files));) {
        size_t len;
        if (strncmp(entry->d_name + strcspn(entry->d_name, "_"), "_", 1) != 0)
            continue;
        char *text = read_whole(folder, entry->d_name, &len);
        bool taken = is_taken(text, len), must = entry->d_name[0] == 'y';
        free(text);
        if (entry->d_name[0] == 'i' || is_refused_on_purpose(entry->d_name)) {
            print_message("%s: %s\n", taken ? "taken" : "refused", entry->d_name);
            continue;
        }
        seen[must]++;
        wrong += taken != must;
        if (taken != must)
            print_message("WRONG: %s: %s\n", taken ? "taken" : "refused", entry->d_name);
    }
    (void)closedir(files);
    print_message("y_ %u, n_ %u, wrong %u\n", seen[1], seen[0], wrong);
    assert_int_equal(wrong, 0);
    assert_true(seen[0] > 0 && seen[1] > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_the_rfc_forbids_is_refused),
        cmocka_unit_test(what_programs_read_differently_is_refused),
        cmocka_unit_test(every_sound_value_is_taken_wherever_it_stands),
        cmocka_unit_test(tree_says_what_the_text_says),
        cmocka_unit_test(public_files_are_judged_right),
    };
    return cmocka_run_group_tests_name("json_conformance", tests, NULL, NULL);
}
