#include "api/batch_decode.h"

#include "base/clock.h"
#include "pool/fetch_include.h"
#include "unit.h"
#include "unit_decode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct unit_decode d;

static int begin(void **state) {
    (void)state;
    unit_decode_init(&d);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_decode_fini(&d);
    return 0;
}

static void begin_anew(void) {
    unit_decode_fini(&d);
    unit_decode_init(&d);
}

/* From a copy that is overwritten and freed: the batch must not need it. */
static void decode_bytes(enum batch_format format, const char *text, size_t len) {
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    batch_decode(format, copy, len, &d.target);
    memset(copy, '!', len);
    free(copy);
}

static void take(enum batch_format format, const char *text) {
    decode_bytes(format, text, strlen(text));
    unit_decode_assert_taken(&d, text);
}

static void assert_urls(const char *const *urls, size_t count) {
    assert_int_equal(d.batch.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(d.batch.items[i].url, urls[i]);
}

#define ASSERT_URLS(...)                                                                                               \
    assert_urls((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void refuse(enum batch_format format, const char *text, const char *pointer, const char *detail) {
    begin_anew();
    decode_bytes(format, text, strlen(text));
    unit_decode_assert_wrong(&d, text, pointer, detail);
}

static void fail_with(enum batch_format format, const char *text, size_t len, int status, const char *detail) {
    begin_anew();
    decode_bytes(format, text, len);
    if (d.problem.status != status)
        fail_msg("status %d for: %s", d.problem.status, text);
    assert_string_equal(d.problem.detail, detail);
    assert_int_equal(d.problem.error_count, 0);
}

/* ---- the format ---- */

static void assert_format(const char *type, enum batch_format expected) {
    enum batch_format format = BATCH_FORMAT_TEXT;
    struct problem p = {0};
    if (!batch_decode_format(type, &format, &p))
        fail_msg("refused: %s", type);
    assert_int_equal(format, expected);
    assert_int_equal(p.status, 0);
}

static void assert_no_format(const char *type) {
    enum batch_format format;
    struct problem p = {0};
    if (batch_decode_format(type, &format, &p))
        fail_msg("taken: %s", type);
    assert_int_equal(p.status, 415);
    assert_non_null(strstr(p.detail, "application/json"));
}

TEST(content_type_decides_the_format) {
    assert_format("application/json", BATCH_FORMAT_JSON);
    assert_format("application/x-ndjson", BATCH_FORMAT_JSON_LINES);
    assert_format("application/ndjson", BATCH_FORMAT_JSON_LINES);
    assert_format("application/jsonl", BATCH_FORMAT_JSON_LINES);
    assert_format("text/plain", BATCH_FORMAT_TEXT);
    assert_format("APPLICATION/Json", BATCH_FORMAT_JSON);
}

TEST(parameters_of_the_content_type_may_say_utf8) {
    assert_format("application/json; charset=utf-8", BATCH_FORMAT_JSON);
    assert_format("application/json;charset=UTF-8", BATCH_FORMAT_JSON);
    assert_format("text/plain ; Charset=\"utf-8\"; format=flowed", BATCH_FORMAT_TEXT);
    assert_format("application/json;", BATCH_FORMAT_JSON);
    assert_format("application/x-ndjson; v=1", BATCH_FORMAT_JSON_LINES);
}

TEST(other_content_types_are_refused) {
    static const char *const types[] = {
        NULL,          "",         "json",   "application/jso",     "application/json5",   "application/problem+json",
        "application", "text/csv", "text/*", "application/json, x", "multipart/form-data", "application/octet-stream",
        "*/*",         ";",        " ",      "text/plainx",         "text/html",           "application/xml",
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_no_format(types[i]);
}

TEST(other_charsets_are_refused) {
    assert_no_format("text/plain; charset=iso-8859-1");
    assert_no_format("text/plain;charset=UTF-16");
    assert_no_format("application/json; charset=\"latin1\"");
    assert_no_format("application/json; charset=utf-80");
    assert_no_format("application/json; charset=");
    assert_no_format("application/json; charset=utf-8-x");
    assert_no_format("application/json; charset=utf-8x");
    assert_no_format("application/json; charset=utf-8,latin1");
}

/* ---- JSON ---- */

TEST(array_holds_urls_and_objects) {
    take(BATCH_FORMAT_JSON, "[\"http://a\", {\"url\":\"http://b\"}, {\"id\":\"1\",\"url\":\"\\u00e9\"}, \"\"]");
    ASSERT_URLS("http://a", "http://b", "\xC3\xA9", "");
    assert_null(d.batch.items[0].id);
    assert_null(d.batch.items[1].options); /* shares those of the batch */
    assert_string_equal(d.batch.items[2].id, "1");
    assert_null(d.batch.items[2].options);
}

TEST(empty_lists_are_lists) {
    take(BATCH_FORMAT_JSON, "[]");
    take(BATCH_FORMAT_JSON, "{\"urls\":[]}");
    take(BATCH_FORMAT_JSON_LINES, "");
    take(BATCH_FORMAT_TEXT, "");
    assert_int_equal(d.batch.count, 0);
}

TEST(object_holds_options_wherever_they_stand) {
    take(BATCH_FORMAT_JSON, "{\"timeout\":2,\"urls\":[{\"url\":\"a\",\"max_size\":5},\"b\"],\"max_concurrent\":9,"
                            "\"include\":[\"body\"],\"deadline\":5}");
    ASSERT_URLS("a", "b");
    assert_int_equal(d.batch.max_concurrent, 9);
    assert_int_equal(d.batch.options.timeout_ms, 2000);
    assert_true(d.batch.deadline_ms != CLOCK_NEVER);
    const struct fetch_options *own = d.batch.items[0].options;
    assert_int_equal(own->max_size_bytes, 5);
    assert_int_equal(own->timeout_ms, 2000); /* the rest is the batch's, also what stands behind the list */
    assert_int_equal(own->include, FETCH_INCLUDE_BODY);
    assert_null(d.batch.items[1].options);
}

TEST(items_do_not_change_one_another) {
    take(BATCH_FORMAT_JSON, "[{\"url\":\"a\",\"timeout\":1},{\"timeout\":2,\"url\":\"b\",\"method\":\"PUT\"},\"c\"]");
    assert_int_equal(d.batch.items[0].options->timeout_ms, 1000);
    assert_string_equal(d.batch.items[0].options->method, "GET");
    assert_int_equal(d.batch.items[1].options->timeout_ms, 2000);
    assert_int_equal(d.batch.options.timeout_ms, 0);
}

TEST(faults_are_pointed_at) {
    static const char seconds[] = "timeout must be a number of seconds from 0.001 to 600";
    static const char item[] = "an item must be a URL as a string, or an object with a url";
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[\"a\",\"b\",{\"url\":\"c\",\"timeout\":0}]}", "/urls/2/timeout", seconds);
    refuse(BATCH_FORMAT_JSON, "[\"a\",{\"url\":\"c\",\"timeout\":0}]", "/1/timeout", seconds);
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[],\"timeout\":0}", "/timeout", seconds);
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[],\"a/b~\":0}", "/a~1b~0", "there is nothing of this name");
    refuse(BATCH_FORMAT_JSON, "[{\"url\":\"a\",\"URL\":\"b\"}]", "/0/URL", "there is nothing of this name");
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[{\"url\":1}]}", "/urls/0/url", "url must be a string");
    refuse(BATCH_FORMAT_JSON, "[{\"url\":null}]", "/0/url", "url must be a string");
    refuse(BATCH_FORMAT_JSON, "[\"a\",{}]", "/1", "the item has no url");
    refuse(BATCH_FORMAT_JSON, "[1]", "/0", item);
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[\"a\",[\"b\"]]}", "/urls/1", item);
    refuse(BATCH_FORMAT_JSON, "[\"a\",null]", "/1", item);
    refuse(BATCH_FORMAT_JSON, "[{\"url\":\"a\",\"deadline\":1}]", "/0/deadline",
           "deadline is an option of the whole batch");
}

TEST(body_that_is_no_list_is_refused) {
    static const char *const texts[] = {"1", "\"http://a\"", "null", "true"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuse(BATCH_FORMAT_JSON, texts[i], "", "the body must be an array of URLs, or an object with urls");
    refuse(BATCH_FORMAT_JSON, "{}", "", "the object has no urls");
    refuse(BATCH_FORMAT_JSON, "{\"timeout\":1}", "", "the object has no urls");
    refuse(BATCH_FORMAT_JSON, "{\"urls\":\"a\"}", "/urls", "the list of URLs must be an array");
    refuse(BATCH_FORMAT_JSON, "{\"urls\":{\"url\":\"a\"}}", "/urls", "the list of URLs must be an array");
}

TEST(head_with_a_body_is_refused_where_it_comes_together) {
    static const char detail[] = "a HEAD request has no body";
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[\"a\"],\"method\":\"HEAD\",\"body\":\"\"}", "", detail);
    refuse(BATCH_FORMAT_JSON, "{\"body\":\"x\",\"urls\":[\"a\",{\"url\":\"b\",\"method\":\"HEAD\"}]}", "/urls/1",
           detail);
    refuse(BATCH_FORMAT_JSON_LINES, "\"a\"\n{\"url\":\"b\",\"method\":\"HEAD\",\"body\":\"x\"}", "/1", detail);
}

TEST(malformed_json_is_a_400) {
    static const char text[] = "[\"a\",]";
    static const char detail[] = "the body is not valid JSON: not a JSON value at byte 5";
    fail_with(BATCH_FORMAT_JSON, text, strlen(text), 400, detail);
    fail_with(BATCH_FORMAT_JSON, "", 0, 400, "the body is not valid JSON: not a JSON value at byte 0");
    fail_with(BATCH_FORMAT_JSON, "[]\0", 3, 400, "the body is not valid JSON: something follows the value at byte 2");
}

TEST(many_faults_end_the_search) {
    char text[4000] = "[";
    for (int i = 0; i < 500; i++)
        memcpy(text + 1 + 2 * i, "1,", 3);
    memcpy(text + 1000, "]", 2);
    decode_bytes(BATCH_FORMAT_JSON, text, strlen(text));
    assert_int_equal(d.problem.status, 422);
    assert_int_equal(d.problem.error_count, PROBLEM_MAX_ERRORS);
    assert_string_equal(d.problem.errors[9].pointer, "/9");
}

static void decode_id(size_t len) {
    static char text[3000];
    begin_anew();
    int n = snprintf(text, sizeof text, "[{\"url\":\"a\",\"id\":\"%0*d\"}]", (int)len, 0);
    decode_bytes(BATCH_FORMAT_JSON, text, (size_t)n);
}

TEST(ids_have_their_limit) {
    static const char detail[] = "id must be a string of 1024 bytes at most";
    decode_id(1024);
    unit_decode_assert_taken(&d, "1024 bytes");
    assert_int_equal(strlen(d.batch.items[0].id), 1024);
    decode_id(1025);
    unit_decode_assert_wrong(&d, "1025 bytes", "/0/id", detail);
}

TEST(ids_are_strings) {
    static const char detail[] = "id must be a string of 1024 bytes at most";
    take(BATCH_FORMAT_JSON, "[{\"url\":\"a\",\"id\":\"\"}]");
    assert_string_equal(d.batch.items[0].id, "");
    refuse(BATCH_FORMAT_JSON, "[{\"url\":\"a\",\"id\":1}]", "/0/id", detail);
    refuse(BATCH_FORMAT_JSON_LINES, "{\"url\":\"a\",\"id\":null}", "/0/id", detail);
    refuse(BATCH_FORMAT_JSON, "{\"urls\":[],\"id\":\"x\"}", "/id", "there is nothing of this name");
}

/* ---- lists by line ---- */

TEST(lines_of_json_are_items) {
    take(BATCH_FORMAT_JSON_LINES,
         "\"a\"\n{\"url\":\"b\",\"id\":\"x\"}\r\n\n \t\r\n  {\"url\":\"c\",\"timeout\":1} \n\"d\"");
    ASSERT_URLS("a", "b", "c", "d");
    assert_string_equal(d.batch.items[1].id, "x");
    assert_int_equal(d.batch.items[2].options->timeout_ms, 1000);
}

TEST(lines_of_text_are_urls) {
    take(BATCH_FORMAT_TEXT, "http://a\r\n\n# no\n  #no\n \thttp://b/#x \t\r\n\r\nhttp://c d\n{\"url\":1}\n\r\r\nlast");
    ASSERT_URLS("http://a", "http://b/#x", "http://c d", "{\"url\":1}", "last");
    assert_null(d.batch.items[0].options);
}

TEST(byte_order_mark_is_skipped_at_the_very_start) {
    take(BATCH_FORMAT_TEXT, "\xEF\xBB\xBFhttp://a\n\xEF\xBB\xBFhttp://b");
    take(BATCH_FORMAT_JSON_LINES, "\xEF\xBB\xBF\"c\"\n\"d\"");
    take(BATCH_FORMAT_TEXT, "\xEF\xBB\xBF");
    ASSERT_URLS("http://a", "\xEF\xBB\xBFhttp://b", "c", "d");
    fail_with(BATCH_FORMAT_JSON_LINES, "\xEF\xBB\xBF\"a\"\n[1,]\n", 12, 400,
              "the body is not valid JSON: not a JSON value at byte 10");
}

TEST(last_line_may_end_or_not) {
    take(BATCH_FORMAT_TEXT, "a\nb\n");
    take(BATCH_FORMAT_TEXT, "c\nd");
    take(BATCH_FORMAT_TEXT, "e\r\nf\r");
    take(BATCH_FORMAT_JSON_LINES, "\"g\"\n\"h\"\r\n");
    ASSERT_URLS("a", "b", "c", "d", "e", "f", "g", "h");
}

TEST(faults_of_lines_are_told_by_item) {
    static const char text[] = "\"a\"\n\n{\"url\":1,\"timeout\":0}\n7\n\n\"b\"\n{\"url\":\"c\",\"x\":1}\n{}";
    decode_bytes(BATCH_FORMAT_JSON_LINES, text, strlen(text));
    static const char *const pointers[] = {"/1/url", "/1/timeout", "/2", "/4/x", "/5"};
    assert_int_equal(d.problem.status, 422);
    assert_int_equal(d.problem.error_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(d.problem.errors[i].pointer, pointers[i]);
}

TEST(malformed_lines_are_told_by_byte) {
    fail_with(BATCH_FORMAT_JSON_LINES, "\"a\"\n\"b\"\n[1,]\n", 13, 400,
              "the body is not valid JSON: not a JSON value at byte 11");
    fail_with(BATCH_FORMAT_JSON_LINES, "\"a\"\n\0\0\n", 7, 400,
              "the body is not valid JSON: not a JSON value at byte 4");
    fail_with(BATCH_FORMAT_JSON_LINES, "\"a\" \"b\"\n", 8, 400,
              "the body is not valid JSON: something follows the value at byte 4");
}

TEST(text_must_be_utf8_without_nul) {
    static const char detail[] = "the body is not UTF-8 text";
    fail_with(BATCH_FORMAT_TEXT, "a\nb\0c", 5, 400, detail);
    fail_with(BATCH_FORMAT_TEXT, "\0", 1, 400, detail);
    fail_with(BATCH_FORMAT_TEXT, "http://\xFF", 8, 400, detail);
    fail_with(BATCH_FORMAT_TEXT, "# \xC3\n", 4, 400, detail);
    begin_anew();
    take(BATCH_FORMAT_TEXT, "http://\xC3\xA9");
}

TEST(earlier_fault_is_told_together_with_those_of_the_body) {
    problem_add(&d.problem, "?x", "earlier");
    decode_bytes(BATCH_FORMAT_JSON_LINES, "\"a\"\n1\n", 6);
    assert_int_equal(d.problem.error_count, 2);
    assert_string_equal(d.problem.errors[1].pointer, "/1");
}

static void decode_some(void) {
    static const char json[] =
        "{\"urls\":[\"a\",{\"url\":\"b\",\"id\":\"c\",\"timeout\":1,\"headers\":{\"d\":\"e\"}}]}";
    static const char lines[] = "\"a\"\n{\"url\":\"b\",\"body\":\"c\"}";
    static const char text[] = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
    unit_decode_init(&d); /* allocates nothing */
    batch_decode(BATCH_FORMAT_JSON, json, strlen(json), &d.target);
    batch_decode(BATCH_FORMAT_JSON_LINES, lines, strlen(lines), &d.target);
    batch_decode(BATCH_FORMAT_TEXT, text, strlen(text), &d.target);
    assert_int_equal(d.problem.status, unit_failed_allocations() > 0 ? 503 : 0);
    unit_decode_fini(&d);
}

TEST(memory_that_runs_out_is_told) {
    cJSON_InitHooks(&(cJSON_Hooks){malloc, free}); /* those that can be made to fail */
    unit_fail_each_allocation(decode_some);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(content_type_decides_the_format, begin, end),
        cmocka_unit_test_setup_teardown(parameters_of_the_content_type_may_say_utf8, begin, end),
        cmocka_unit_test_setup_teardown(other_content_types_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(other_charsets_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(array_holds_urls_and_objects, begin, end),
        cmocka_unit_test_setup_teardown(empty_lists_are_lists, begin, end),
        cmocka_unit_test_setup_teardown(object_holds_options_wherever_they_stand, begin, end),
        cmocka_unit_test_setup_teardown(items_do_not_change_one_another, begin, end),
        cmocka_unit_test_setup_teardown(faults_are_pointed_at, begin, end),
        cmocka_unit_test_setup_teardown(body_that_is_no_list_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(head_with_a_body_is_refused_where_it_comes_together, begin, end),
        cmocka_unit_test_setup_teardown(malformed_json_is_a_400, begin, end),
        cmocka_unit_test_setup_teardown(many_faults_end_the_search, begin, end),
        cmocka_unit_test_setup_teardown(ids_have_their_limit, begin, end),
        cmocka_unit_test_setup_teardown(ids_are_strings, begin, end),
        cmocka_unit_test_setup_teardown(lines_of_json_are_items, begin, end),
        cmocka_unit_test_setup_teardown(lines_of_text_are_urls, begin, end),
        cmocka_unit_test_setup_teardown(byte_order_mark_is_skipped_at_the_very_start, begin, end),
        cmocka_unit_test_setup_teardown(last_line_may_end_or_not, begin, end),
        cmocka_unit_test_setup_teardown(faults_of_lines_are_told_by_item, begin, end),
        cmocka_unit_test_setup_teardown(malformed_lines_are_told_by_byte, begin, end),
        cmocka_unit_test_setup_teardown(text_must_be_utf8_without_nul, begin, end),
        cmocka_unit_test_setup_teardown(earlier_fault_is_told_together_with_those_of_the_body, begin, end),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("batch_decode", tests, NULL, NULL);
}
