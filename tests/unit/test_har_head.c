#include "pool/har_head.h"

#include "unit.h"

#include <string.h>

static struct buf head, out;
static struct json j;

static int begin(void **state) {
    (void)state;
    buf_init(&head, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&head);
    buf_fini(&out);
    return 0;
}

static void start(const char *text) {
    buf_clear(&head);
    buf_clear(&out);
    assert_int_equal(buf_append_text(&head, text), ERR_NONE);
    json_begin(&j, &out);
}

static void assert_written(const char *expected) {
    assert_int_equal(json_end(&j), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, expected);
}

static void assert_cookies(const char *fields, bool is_request, const char *expected) {
    start(fields);
    har_head_put_cookies(&j, &head, is_request, true);
    assert_written(expected);
}

static void assert_query(const char *url, const char *expected) {
    start("");
    har_head_put_query(&j, url);
    assert_written(expected);
}

#define PAIR(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"

TEST(secrets_are_left_out_however_their_names_are_written) {
    start("GET / HTTP/1.1\r\nAUTHORIZATION: a\r\ncookie: b=c\r\nsEt-CoOkIe: d=e\r\nAuthorizations: f\r\n\r\n");
    har_head_put_headers(&j, &head, false);
    assert_written("\"headers\":[" PAIR("Authorizations", "f") "]");
    start("GET / HTTP/1.1\r\ncookie: b=c\r\n\r\n");
    har_head_put_cookies(&j, &head, true, false);
    assert_written("\"cookies\":[]");
}

TEST(all_parts_of_a_request_are_cookies) {
    assert_cookies("GET / HTTP/1.1\r\nCookie: a=1;b=2=3;  c=;d;=e; ;\r\nCookie: f=\"g\"\r\n\r\n", true,
                   "\"cookies\":[" PAIR("a", "1") "," PAIR("b", "2=3") "," PAIR("c", "") "," PAIR("d", "") "," PAIR(
                       "f", "\\\"g\\\"") "]");
    assert_cookies("GET / HTTP/1.1\r\nCookie:\r\n\r\n", true, "\"cookies\":[]");
}

TEST(the_first_part_of_a_response_is_the_cookie) {
    assert_cookies("HTTP/1.1 200\r\nSet-Cookie: a=1; Path=/; Secure\r\nSet-Cookie: b\r\nCookie: c=1\r\n\r\n", false,
                   "\"cookies\":[" PAIR("a", "1") "," PAIR("b", "") "]");
}

TEST(the_version_is_the_last_word_of_a_request_and_the_first_of_a_response) {
    start("GET / HTTP/1.1\r\n\r\n");
    har_head_put_version(&j, &head, true);
    assert_written("\"httpVersion\":\"HTTP/1.1\"");
    start("HTTP/2 404 Not  here\r\n\r\n");
    har_head_put_version(&j, &head, false);
    har_head_put_reason(&j, &head);
    assert_written("\"httpVersion\":\"HTTP/2\",\"statusText\":\"Not  here\"");
    start("HTTP/2 204\r\n\r\n");
    har_head_put_reason(&j, &head);
    assert_written("\"statusText\":\"\"");
}

TEST(without_a_head_everything_is_empty) {
    start("");
    har_head_put_version(&j, &head, true);
    har_head_put_reason(&j, &head);
    har_head_put_headers(&j, &head, true);
    har_head_put_cookies(&j, &head, false, true);
    assert_written("\"httpVersion\":\"\",\"statusText\":\"\",\"headers\":[],\"cookies\":[]");
}

TEST(a_query_is_cut_at_its_signs_and_nowhere_else) {
    assert_query("http://h/?a=1&b=2=3&c&=d&&e=%26#f=1&g",
                 "\"queryString\":[" PAIR("a", "1") "," PAIR("b", "2=3") "," PAIR("c", "") "," PAIR("", "d") "," PAIR(
                     "e", "%26") "]");
    assert_query("http://h/?a?b", "\"queryString\":[" PAIR("a?b", "") "]");
    assert_query("http://h/#?a=1", "\"queryString\":[]");
    assert_query("http://h/?", "\"queryString\":[]");
    assert_query("http://h/", "\"queryString\":[]");
}

#define HEAD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        HEAD_TEST(secrets_are_left_out_however_their_names_are_written),
        HEAD_TEST(all_parts_of_a_request_are_cookies),
        HEAD_TEST(the_first_part_of_a_response_is_the_cookie),
        HEAD_TEST(the_version_is_the_last_word_of_a_request_and_the_first_of_a_response),
        HEAD_TEST(without_a_head_everything_is_empty),
        HEAD_TEST(a_query_is_cut_at_its_signs_and_nowhere_else),
    };
    return cmocka_run_group_tests_name("har_head", tests, NULL, NULL);
}
