#include "pool/result_json.h"

#include "unit.h"

#include <stdlib.h>
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

static void assert_json_of(const struct fetch_item *item, unsigned include, const char *expected) {
    buf_clear(&out);
    assert_int_equal(result_json(&out, item, RESULT_JSON_NO_INDEX, include, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, expected);
}

static void assert_json(unsigned include, const char *expected) {
    const struct fetch_item item = {.url = "http://h/"};
    assert_json_of(&item, include, expected);
}

#define BASE "{\"url\":\"http://h/\",\"status\":200,\"size\":5,\"elapsed\":1.25"

static void add_header(const char *name, const char *value) {
    assert_int_equal(buf_append(&result.headers, name, strlen(name) + 1), ERR_NONE);
    assert_int_equal(buf_append(&result.headers, value, strlen(value) + 1), ERR_NONE);
}

static void set_body(const char *bytes, size_t len) {
    buf_clear(&result.body);
    assert_int_equal(buf_append(&result.body, bytes, len), ERR_NONE);
}

TEST(response_has_four_keys) {
    assert_json(0, BASE "}");
    result.status = 404;
    result.size_bytes = 0;
    result.elapsed_us = 0;
    assert_json(0, "{\"url\":\"http://h/\",\"status\":404,\"size\":0,\"elapsed\":0.0}");
    result.size_bytes = INT64_C(5000000000);
    result.elapsed_us = 1;
    assert_json(0, "{\"url\":\"http://h/\",\"status\":404,\"size\":5000000000,\"elapsed\":0.000001}");
}

TEST(failure_has_five_keys) {
    fetch_result_fail(&result, FETCH_DNS, "no \"h\"");
    assert_json(
        0, "{\"url\":\"http://h/\",\"status\":0,\"error\":\"no \\\"h\\\"\",\"error_code\":\"dns\",\"elapsed\":1.25}");
}

TEST(failure_has_status_0_whatever_came_before) {
    fetch_result_fail(&result, FETCH_RECV, NULL);
    result.status = 200;
    assert_json(0, "{\"url\":\"http://h/\",\"status\":0,\"error\":\"the response could not be received whole\","
                   "\"error_code\":\"recv\",\"elapsed\":1.25}");
}

TEST(url_is_echoed_as_it_was_given) {
    const struct fetch_item item = {.url = "http://h/\"\\\n\xC3\xBC"};
    assert_json_of(&item, 0, "{\"url\":\"http://h/\\\"\\\\\\n\xC3\xBC\",\"status\":200,\"size\":5,\"elapsed\":1.25}");
}

TEST(id_is_echoed_when_there_is_one) {
    const struct fetch_item item = {.url = "http://h/", .id = "a/1"};
    const struct fetch_item empty = {.url = "http://h/", .id = ""};
    assert_json_of(&item, 0, BASE ",\"id\":\"a/1\"}");
    assert_json_of(&empty, 0, BASE ",\"id\":\"\"}");
}

TEST(index_stands_behind_the_url) {
    const struct fetch_item item = {.url = "http://h/", .id = "a"};
    assert_int_equal(result_json(&out, &item, 0, 0, &result), ERR_NONE);
    fetch_result_fail(&result, FETCH_DNS, "why");
    assert_int_equal(result_json(&out, &item, 99999, 0, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data,
                        "{\"url\":\"http://h/\",\"index\":0,\"status\":200,\"size\":5,\"elapsed\":1.25,\"id\":\"a\"}"
                        "{\"url\":\"http://h/\",\"index\":99999,\"status\":0,\"error\":\"why\",\"error_code\":\"dns\","
                        "\"elapsed\":1.25,\"id\":\"a\"}");
}

TEST(headers_are_grouped_by_name) {
    add_header("set-cookie", "a=1");
    add_header("content-type", "text/plain");
    add_header("set-cookie", "b=2; \"q\"");
    add_header("x-empty", "");
    add_header("set-cookie", "a=1");
    assert_json(FETCH_INCLUDE_HEADERS, BASE ",\"headers\":{\"set-cookie\":[\"a=1\",\"b=2; \\\"q\\\"\",\"a=1\"],"
                                            "\"content-type\":[\"text/plain\"],\"x-empty\":[\"\"]}}");
}

TEST(value_is_not_taken_for_a_name) {
    add_header("a", "b");
    add_header("b", "a");
    assert_json(FETCH_INCLUDE_HEADERS, BASE ",\"headers\":{\"a\":[\"b\"],\"b\":[\"a\"]}}");
}

/* Bytes that are no UTF-8 are all told as the same character. */
TEST(headers_whose_names_are_told_alike_are_grouped) {
    add_header("a\xFF", "1");
    add_header("a", "2");
    add_header("a\xFE", "3");
    add_header("a\xEF\xBF\xBD", "4");
    add_header("a\xFF\xFF", "5");
    assert_json(FETCH_INCLUDE_HEADERS, BASE ",\"headers\":{\"a\xEF\xBF\xBD\":[\"1\",\"3\",\"4\"],\"a\":[\"2\"],"
                                            "\"a\xEF\xBF\xBD\xEF\xBF\xBD\":[\"5\"]}}");
}

TEST(response_without_headers_has_an_empty_object) {
    assert_json(FETCH_INCLUDE_HEADERS, BASE ",\"headers\":{}}");
}

TEST(header_that_is_not_utf8_stays_json) {
    add_header("x", "\xFF\xC3\xBC");
    assert_json(FETCH_INCLUDE_HEADERS, BASE ",\"headers\":{\"x\":[\"\xEF\xBF\xBD\xC3\xBC\"]}}");
}

TEST(body_that_is_text_goes_as_text) {
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"\",\"body_encoding\":\"utf-8\"}");
    set_body("h\xC3\xBC\"\n", 5);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"h\xC3\xBC\\\"\\n\",\"body_encoding\":\"utf-8\"}");
}

TEST(body_that_is_not_utf8_goes_as_base64) {
    set_body("\xFF", 1);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"/w==\",\"body_encoding\":\"base64\"}");
    set_body("h\xC3", 2);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"aMM=\",\"body_encoding\":\"base64\"}");
    set_body("\xED\xA0\x80", 3);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"7aCA\",\"body_encoding\":\"base64\"}");
}

TEST(body_full_of_control_characters_goes_as_base64) {
    set_body("\0\0\0\0\0\0", 6);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"AAAAAAAA\",\"body_encoding\":\"base64\"}");
    set_body("abcdefg\0", 8);
    assert_json(FETCH_INCLUDE_BODY, BASE ",\"body\":\"abcdefg\\u0000\",\"body_encoding\":\"utf-8\"}");
}

TEST(redirects_tell_the_way) {
    assert_json(FETCH_INCLUDE_REDIRECTS, BASE ",\"final_url\":\"http://h/\",\"redirects\":[]}");
    assert_int_equal(fetch_result_add_redirect(&result, "http://h/", 301, "/b"), ERR_NONE);
    assert_int_equal(fetch_result_add_redirect(&result, "http://h/b", 307, "c"), ERR_NONE);
    result.final_url = strdup("http://h/c");
    assert_json(FETCH_INCLUDE_REDIRECTS, BASE ",\"final_url\":\"http://h/c\",\"redirects\":["
                                              "{\"url\":\"http://h/\",\"status\":301,\"location\":\"/b\"},"
                                              "{\"url\":\"http://h/b\",\"status\":307,\"location\":\"c\"}]}");
}

TEST(connection_tells_the_peer) {
    memcpy(result.connection.remote_ip, "::1", 4);
    result.connection.remote_port = 65535;
    result.connection.http_version = "1.1";
    result.connection.reused = true;
    assert_json(FETCH_INCLUDE_CONNECTION, BASE ",\"connection\":{\"remote_ip\":\"::1\",\"remote_port\":65535,"
                                               "\"http_version\":\"1.1\",\"reused\":true}}");
}

static void set_tls(void) {
    result.tls = (struct fetch_tls){.version = "TLSv1.3",
                                    .cipher = "TLS_AES_128_GCM_SHA256",
                                    .expires_at = "2027-01-02T03:04:05Z",
                                    .subject = strdup("CN=\xC3\xA4,O=\"x\""),
                                    .issuer = strdup("")};
}

TEST(tls_tells_what_was_agreed_on) {
    assert_json(FETCH_INCLUDE_TLS, BASE ",\"tls\":null}");
    set_tls();
    assert_json(FETCH_INCLUDE_TLS, BASE ",\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_128_GCM_SHA256\","
                                        "\"subject\":\"CN=\xC3\xA4,O=\\\"x\\\"\",\"issuer\":\"\","
                                        "\"expires_at\":\"2027-01-02T03:04:05Z\"}}");
}

TEST(digest_is_told) {
    memcpy(result.sha256, "00ff", 5);
    assert_json(FETCH_INCLUDE_SHA256, BASE ",\"sha256\":\"00ff\"}");
}

static void set_attempts(void) {
    static const struct fetch_attempt attempts[] = {
        {.error = FETCH_RECV, .elapsed_us = 1000000, .delay_ms = 500},
        {.status = 503, .head_status = 405, .elapsed_us = 2000000, .delay_ms = -1, .given_up = FETCH_GIVEN_UP_RETRIES},
    };
    result.attempts = malloc(sizeof attempts);
    assert_non_null(result.attempts);
    memcpy(result.attempts, attempts, sizeof attempts);
    result.attempt_count = 2;
}

TEST(attempts_tell_what_was_tried) {
    set_attempts();
    assert_json(FETCH_INCLUDE_ATTEMPTS,
                BASE ",\"attempts\":[{\"status\":0,\"error_code\":\"recv\",\"elapsed\":1.0,\"delay\":0.5},"
                     "{\"status\":503,\"head_status\":405,\"elapsed\":2.0,\"given_up\":\"retries\"}]}");
}

#define TIMINGS                                                                                                        \
    ",\"timings\":{\"queue\":0.000001,\"namelookup\":0.00002,\"connect\":0.0003,\"appconnect\":0.004,"                 \
    "\"pretransfer\":0.05,\"starttransfer\":0.6,\"redirect\":7.0,\"total\":80.0}"

static void set_timings(void) {
    result.timings = (struct fetch_timings){.queue_us = 1,
                                            .namelookup_us = 20,
                                            .connect_us = 300,
                                            .appconnect_us = 4000,
                                            .pretransfer_us = 50000,
                                            .starttransfer_us = 600000,
                                            .redirect_us = 7000000,
                                            .total_us = 80000000};
}

TEST(timings_have_the_names_of_curl) {
    set_timings();
    assert_json(FETCH_INCLUDE_TIMINGS, BASE TIMINGS "}");
}

enum {
    ALL = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY | FETCH_INCLUDE_TIMINGS | FETCH_INCLUDE_REDIRECTS |
          FETCH_INCLUDE_CONNECTION | FETCH_INCLUDE_TLS | FETCH_INCLUDE_SHA256
};

TEST(failure_has_its_way_and_its_times_but_no_response) {
    add_header("a", "b");
    set_body("x", 1);
    set_timings();
    set_tls();
    fetch_result_fail(&result, FETCH_RECV, "cut");
    assert_json(ALL, "{\"url\":\"http://h/\",\"status\":0,\"error\":\"cut\",\"error_code\":\"recv\",\"elapsed\":1.25,"
                     "\"final_url\":\"http://h/\",\"redirects\":[]" TIMINGS "}");
}

TEST(result_is_appended) {
    const struct fetch_item item = {.url = "u"};
    assert_int_equal(buf_append_text(&out, "["), ERR_NONE);
    assert_int_equal(result_json(&out, &item, RESULT_JSON_NO_INDEX, 0, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, "[{\"url\":\"u\",\"status\":200,\"size\":5,\"elapsed\":1.25}");
}

TEST(result_larger_than_the_buffer_is_told) {
    const struct fetch_item item = {.url = "http://h/"};
    size_t whole = strlen(BASE) + 1;
    for (size_t max = 0; max <= whole; max++) {
        struct buf small;
        buf_init(&small, max);
        assert_int_equal(result_json(&small, &item, RESULT_JSON_NO_INDEX, 0, &result),
                         max < whole ? ERR_LIMIT : ERR_NONE);
        buf_fini(&small);
    }
}

static void write_large(void) {
    const struct fetch_item item = {.url = "http://h/"};
    struct buf b;
    buf_init(&b, SIZE_MAX);
    enum err err = result_json(&b, &item, RESULT_JSON_NO_INDEX, ALL, &result);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    buf_fini(&b);
}

TEST(result_without_memory_is_told) {
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    add_header("a", large);
    set_body(large, sizeof large - 1);
    unit_fail_each_allocation(write_large);
}

#define RESULT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESULT_TEST(response_has_four_keys),
        RESULT_TEST(failure_has_five_keys),
        RESULT_TEST(failure_has_status_0_whatever_came_before),
        RESULT_TEST(url_is_echoed_as_it_was_given),
        RESULT_TEST(id_is_echoed_when_there_is_one),
        RESULT_TEST(index_stands_behind_the_url),
        RESULT_TEST(headers_are_grouped_by_name),
        RESULT_TEST(value_is_not_taken_for_a_name),
        RESULT_TEST(headers_whose_names_are_told_alike_are_grouped),
        RESULT_TEST(response_without_headers_has_an_empty_object),
        RESULT_TEST(header_that_is_not_utf8_stays_json),
        RESULT_TEST(body_that_is_text_goes_as_text),
        RESULT_TEST(body_that_is_not_utf8_goes_as_base64),
        RESULT_TEST(body_full_of_control_characters_goes_as_base64),
        RESULT_TEST(redirects_tell_the_way),
        RESULT_TEST(connection_tells_the_peer),
        RESULT_TEST(tls_tells_what_was_agreed_on),
        RESULT_TEST(digest_is_told),
        RESULT_TEST(attempts_tell_what_was_tried),
        RESULT_TEST(timings_have_the_names_of_curl),
        RESULT_TEST(failure_has_its_way_and_its_times_but_no_response),
        RESULT_TEST(result_is_appended),
        RESULT_TEST(result_larger_than_the_buffer_is_told),
        RESULT_TEST(result_without_memory_is_told),
    };
    return cmocka_run_group_tests_name("result_json", tests, NULL, NULL);
}
