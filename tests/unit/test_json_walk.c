#include "base/json_walk.h"

#include "base/json_scan.h"
#include "unit.h"

#include <string.h>

static struct json_part whole(const char *text) {
    struct json_scan_fault fault;
    if (json_scan(text, strlen(text), 1000, &fault) != JSON_SCAN_OK)
        fail_msg("no JSON: %s", text);
    return json_walk_whole(text);
}

static void assert_text(const struct json_part *part, const char *text) {
    if (part->len != strlen(text) || memcmp(part->text, text, part->len) != 0)
        fail_msg("%.*s, not %s", (int)part->len, part->text, text);
}

TEST(value_is_the_text_without_blanks) {
    static const char *const texts[] = {"0",     "-1.5E+10",      "true",  "null",       "\"\"",       "\"a\\\"]\\\\\"",
                                        "[]",    "[ 1 , [2] ]",   "{}",    "{ }",        "{\"a\":{}}", "[\"]\"]",
                                        "false", "{\"}\":\"{\"}", "1e-05", "\"\\u005c\""};
    char padded[64];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_part part = whole(texts[i]);
        assert_text(&part, texts[i]);
        size_t n = strlen(texts[i]);
        memcpy(padded, "\t \r\n", 4);
        memcpy(padded + 4, texts[i], n);
        memcpy(padded + 4 + n, " \n", 3);
        part = whole(padded);
        assert_text(&part, texts[i]);
    }
}

TEST(values_are_counted_without_names) {
    static const struct {
        const char *text;
        size_t values;
    } rows[] = {
        {"1", 1},
        {"\"a\"", 1},
        {"[]", 1},
        {"[1]", 2},
        {"[1,\"2\",null]", 4},
        {"{\"a\":1}", 2},
        {"{\"a\":[],\"b\":{\"c\":\"d\"}}", 4},
        {"[[],{},[[]]]", 5},
        {"[ \":\" , \"a,b\" ]", 3},
        {"{\":\" : \"{[\"}", 2},
    };
    struct json_scan_fault fault;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(whole(rows[i].text).values, rows[i].values);
        size_t len = strlen(rows[i].text); /* as the scanner counts them */
        assert_int_equal(json_scan(rows[i].text, len, rows[i].values, &fault), JSON_SCAN_OK);
        assert_int_equal(json_scan(rows[i].text, len, rows[i].values - 1, &fault), JSON_SCAN_TOO_MANY);
    }
}

TEST(members_of_an_array_come_in_turn) {
    struct json_part all = whole(" [ 1,\"]\" , [ 2 ,[]],{\"a\" : 1} ,true ] ");
    static const char *const expected[] = {"1", "\"]\"", "[ 2 ,[]]", "{\"a\" : 1}", "true"};
    struct json_walk w;
    struct json_part name, value;
    json_walk_begin(&w, all.text);
    for (size_t i = 0; i < 5; i++) {
        assert_true(json_walk_next(&w, &name, &value));
        assert_text(&value, expected[i]);
    }
    assert_false(json_walk_next(&w, &name, &value));
    assert_false(json_walk_next(&w, &name, &value));
}

TEST(members_of_an_object_come_with_their_names) {
    struct json_part all = whole("{\"a\":1, \"b:\\\"\" : { \"c\":[2] } ,\"\"\n:\n\"x\"}");
    static const char *const expected[][2] = {{"\"a\"", "1"}, {"\"b:\\\"\"", "{ \"c\":[2] }"}, {"\"\"", "\"x\""}};
    struct json_walk w;
    struct json_part name, value;
    json_walk_begin(&w, all.text);
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_walk_next(&w, &name, &value));
        assert_text(&name, expected[i][0]);
        assert_text(&value, expected[i][1]);
    }
    assert_false(json_walk_next(&w, &name, &value));
}

TEST(empty_containers_have_no_members) {
    static const char *const texts[] = {"[]", "{}", "[ \n]", " {\t} "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_walk w;
        struct json_part name, value;
        json_walk_begin(&w, whole(texts[i]).text);
        assert_false(json_walk_next(&w, &name, &value));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_is_the_text_without_blanks),
        cmocka_unit_test(values_are_counted_without_names),
        cmocka_unit_test(members_of_an_array_come_in_turn),
        cmocka_unit_test(members_of_an_object_come_with_their_names),
        cmocka_unit_test(empty_containers_have_no_members),
    };
    return cmocka_run_group_tests_name("json_walk", tests, NULL, NULL);
}
