#include "api/json_parse.h"

#include "unit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 1000 };

static struct problem problem;

static int begin(void **state) {
    (void)state;
    problem = (struct problem){0};
    return 0;
}

static cJSON *parse(const char *text) {
    return json_parse(text, strlen(text), MAX_VALUES, 0, &problem);
}

static void assert_refused(const char *text, size_t max_values, size_t offset, int status, const char *detail) {
    problem = (struct problem){0};
    assert_null(json_parse(text, strlen(text), max_values, offset, &problem));
    assert_int_equal(problem.status, status);
    assert_string_equal(problem.detail, detail);
}

static void assert_taken(const char *text) {
    cJSON *json = parse(text);
    assert_int_equal(problem.status, 0);
    assert_non_null(json);
    cJSON_Delete(json);
}

TEST(tree_is_what_the_text_says) {
    cJSON *json = parse(" {\"a\":[1.5,true,null],\"\\u00e9\\ud83d\\ude00\":\"x\\n\\\"\"} ");
    assert_int_equal(problem.status, 0);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "a");
    assert_int_equal(cJSON_GetArraySize(list), 3);
    assert_true(cJSON_GetArrayItem(list, 0)->valuedouble == 1.5);
    assert_true(cJSON_IsTrue(cJSON_GetArrayItem(list, 1)));
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(list, 2)));
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(json, "\xC3\xA9\xF0\x9F\x98\x80");
    assert_string_equal(text->valuestring, "x\n\"");
    cJSON_Delete(json);
}

TEST(only_the_given_length_is_read) {
    cJSON *json = json_parse("12345", 2, MAX_VALUES, 0, &problem);
    assert_non_null(json);
    assert_int_equal(json->valueint, 12);
    cJSON_Delete(json);
    assert_null(json_parse("[1]", 2, MAX_VALUES, 0, &problem));
    assert_int_equal(problem.status, 400);
}

TEST(malformed_text_is_told_with_its_place_in_the_body) {
    assert_refused("[1,]", MAX_VALUES, 0, 400, "the body is not valid JSON: not a JSON value at byte 3");
    assert_refused("[1,]", MAX_VALUES, 1000, 400, "the body is not valid JSON: not a JSON value at byte 1003");
    assert_refused("", MAX_VALUES, 7, 400, "the body is not valid JSON: not a JSON value at byte 7");
}

TEST(what_cjson_alone_would_take_is_refused) {
    static const char *const texts[] = {"[] x", "[01]", "[+1]", "[1.]", "[\"\n\"]", "[\"\xFF\"]", "\xEF\xBB\xBF[]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        problem = (struct problem){0};
        assert_null(parse(texts[i]));
        assert_int_equal(problem.status, 400);
    }
}

TEST(too_many_values_are_too_large) {
    assert_refused("[1,2,3]", 3, 0, 413, "more than 3 JSON values, at byte 5");
    cJSON *json = json_parse("[1,2,3]", 7, 4, 0, &(struct problem){0});
    assert_non_null(json);
    cJSON_Delete(json);
}

TEST(too_deep_is_malformed) {
    char text[200];
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    text[66] = '\0';
    assert_refused(text, MAX_VALUES, 0, 400, "the body is not valid JSON: nested too deeply at byte 32");
    text[65] = '\0';
    problem = (struct problem){0};
    assert_taken(text + 1);
}

TEST(name_that_stands_twice_is_refused) {
    static const char detail[] = "the body is not valid JSON: a name stands twice in one object at byte 7";
    assert_refused("{\"a\":1,\"\\u0061\":1}", MAX_VALUES, 0, 400, detail);
}

TEST(part_of_a_checked_text_is_parsed_alone) {
    static const char text[] = "[12,{\"a\":[3]}]";
    assert_true(json_parse_check(text, strlen(text), 5, 0, &problem));
    cJSON *json = json_parse_tree(text + 4, 9, &problem);
    assert_int_equal(problem.status, 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "a")), 1);
    cJSON_Delete(json);
    json = json_parse_tree(text + 1, 2, &problem);
    assert_int_equal(json->valueint, 12);
    cJSON_Delete(json);
}

TEST(numbers_of_any_length_are_taken) {
    char text[300] = "[1.";
    memset(text + 3, '0', 200);
    memcpy(text + 203, "5,2]", 5);
    cJSON *json = parse(text);
    assert_int_equal(problem.status, 0);
    assert_int_equal(cJSON_GetArraySize(json), 2);
    assert_true(cJSON_GetArrayItem(json, 0)->valuedouble == 1);
    cJSON_Delete(json);
}

TEST(problem_found_before_stays) {
    problem_add(&problem, "?x", "earlier");
    assert_null(parse("[1,]"));
    assert_int_equal(problem.status, 422);
    problem = (struct problem){.status = 422};
    cJSON *json = parse("{\"a\":1,\"b\":2}");
    assert_non_null(json);
    cJSON_Delete(json);
}

static void parse_some(void) {
    problem = (struct problem){0};
    cJSON *json = parse("[{\"a\":\"text\",\"b\":[1,2,3]},{\"c\":{\"d\":1,\"e\":2}},\"x\"]");
    assert_int_equal(problem.status, unit_failed_allocations() > 0 ? 503 : 0);
    assert_int_equal(json != NULL, unit_failed_allocations() == 0);
    cJSON_Delete(json);
}

TEST(memory_that_runs_out_is_told) {
    cJSON_InitHooks(&(cJSON_Hooks){malloc, free}); /* those that can be made to fail */
    unit_fail_each_allocation(parse_some);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tree_is_what_the_text_says, begin),
        cmocka_unit_test_setup(only_the_given_length_is_read, begin),
        cmocka_unit_test_setup(malformed_text_is_told_with_its_place_in_the_body, begin),
        cmocka_unit_test_setup(what_cjson_alone_would_take_is_refused, begin),
        cmocka_unit_test_setup(too_many_values_are_too_large, begin),
        cmocka_unit_test_setup(too_deep_is_malformed, begin),
        cmocka_unit_test_setup(name_that_stands_twice_is_refused, begin),
        cmocka_unit_test_setup(part_of_a_checked_text_is_parsed_alone, begin),
        cmocka_unit_test_setup(numbers_of_any_length_are_taken, begin),
        cmocka_unit_test_setup(problem_found_before_stays, begin),
        cmocka_unit_test_setup(memory_that_runs_out_is_told, begin),
    };
    return cmocka_run_group_tests_name("json_parse", tests, NULL, NULL);
}
