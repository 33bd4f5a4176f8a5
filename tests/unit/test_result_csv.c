#include "pool/result_csv.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct fetch_result result;
static struct buf out;

static int begin(void **state) {
    (void)state;
    fetch_result_init(&result);
    buf_init(&out, SIZE_MAX);
    result.status = 200;
    result.size_bytes = 5;
    result.elapsed_us = 1250000;
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    buf_fini(&out);
    return 0;
}

static void assert_line(const char *url, const char *id, const char *expected) {
    const struct fetch_item item = {.url = url, .id = id};
    buf_clear(&out);
    assert_int_equal(result_csv(&out, &item, 7, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, expected);
}

static void assert_url(const char *url, const char *field) {
    char expected[256];
    (void)snprintf(expected, sizeof expected, "%s,7,200,5,,,1.25,", field);
    assert_line(url, NULL, expected);
}

TEST(response_leaves_the_error_empty) {
    assert_line("http://h/", NULL, "http://h/,7,200,5,,,1.25,");
    result.size_bytes = INT64_C(5000000000);
    result.elapsed_us = 0;
    assert_line("http://h/", "a", "http://h/,7,200,5000000000,,,0.0,a");
}

TEST(failure_leaves_the_size_empty) {
    fetch_result_fail(&result, FETCH_DNS, "no \"h\", none");
    assert_line("http://h/", "a", "http://h/,7,0,,\"no \"\"h\"\", none\",dns,1.25,a");
}

TEST(failure_has_status_0_whatever_came_before) {
    fetch_result_fail(&result, FETCH_RECV, "why");
    result.status = 200;
    assert_line("http://h/", NULL, "http://h/,7,0,,why,recv,1.25,");
}

TEST(only_what_must_stands_in_quotes) {
    assert_url("http://h/a?b=c;d&e='f'", "http://h/a?b=c;d&e='f'");
    assert_url("http://h/a,b", "\"http://h/a,b\"");
    assert_url("\"", "\"\"\"\"");
    assert_url("a\r\nb", "\"a\r\nb\"");
    assert_url("a\tb", "\"a\tb\"");
    assert_url("a\x7F", "\"a\x7F\"");
    assert_url(" a", "\" a\"");
    assert_url("a ", "\"a \"");
    assert_url("a b", "a b");
    assert_url("", "\"\"");
}

TEST(empty_id_is_told_from_none) {
    assert_line("u", "", "u,7,200,5,,,1.25,\"\"");
    assert_line("u", NULL, "u,7,200,5,,,1.25,");
}

TEST(text_is_exact_whatever_a_spreadsheet_makes_of_it) {
    assert_url("=1+1", "=1+1");
    assert_url("@SUM(A1)", "@SUM(A1)");
    assert_url("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(what_is_not_utf8_is_replaced) {
    assert_url("a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(head_has_as_many_fields_as_a_line) {
    const struct fetch_item item = {.url = "u"};
    size_t commas = 0, head_commas = 0;
    assert_int_equal(result_csv(&out, &item, 0, &result), ERR_NONE);
    for (size_t i = 0; i < out.len; i++)
        commas += out.data[i] == ',';
    for (const char *p = RESULT_CSV_HEAD; *p; p++)
        head_commas += *p == ',';
    assert_int_equal(commas, head_commas);
}

TEST(full_buffer_is_told) {
    const struct fetch_item item = {.url = "\"\xFF,", .id = "i"};
    fetch_result_fail(&result, FETCH_DNS, "a,b");
    assert_int_equal(result_csv(&out, &item, 0, &result), ERR_NONE);
    size_t needed = out.len;
    for (size_t max = 0; max < needed; max++) {
        struct buf small;
        buf_init(&small, max);
        assert_int_equal(result_csv(&small, &item, 0, &result), ERR_LIMIT);
        buf_fini(&small);
    }
}

#define RESULT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESULT_TEST(response_leaves_the_error_empty),
        RESULT_TEST(failure_leaves_the_size_empty),
        RESULT_TEST(failure_has_status_0_whatever_came_before),
        RESULT_TEST(only_what_must_stands_in_quotes),
        RESULT_TEST(empty_id_is_told_from_none),
        RESULT_TEST(text_is_exact_whatever_a_spreadsheet_makes_of_it),
        RESULT_TEST(what_is_not_utf8_is_replaced),
        RESULT_TEST(head_has_as_many_fields_as_a_line),
        RESULT_TEST(full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("result_csv", tests, NULL, NULL);
}
