#include "api/fetch_options.h"

#include "base/clock.h"
#include "pool/fetch_include.h"
#include "unit.h"
#include "unit_decode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTER "/urls/3/x"

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

/* Reads the option from a value that stands as JSON text. */
static bool read_json(const char *name, const char *text) {
    d.problem = (struct problem){0};
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    bool known = fetch_options_read(&d.target, name, json, POINTER);
    cJSON_Delete(json); /* texts have been copied */
    return known;
}

static void take(const char *name, const char *text) {
    assert_true(read_json(name, text));
    unit_decode_assert_taken(&d, text);
}

static void refuse_at(const char *pointer, const char *name, const char *text, const char *detail) {
    assert_true(read_json(name, text));
    unit_decode_assert_wrong(&d, text, pointer, detail);
}

static void refuse(const char *name, const char *text, const char *detail) {
    refuse_at(POINTER, name, text, detail);
}

/* The texts are separated by bars. */
static void refuse_each(const char *name, const char *texts, const char *detail) {
    unit_decode_each_text(texts, refuse, name, detail);
}

static const char headers_detail[] = "headers must be an object of name to value";
static const char no_numbers[] = "\"5\"|true|null|[]|[5]|{}|\"\"|\"NaN\"";
static const char no_bools[] = "1|0|\"true\"|null|[]|{}";
static const char no_texts[] = "1|true|null|[\"a\"]|{}";

TEST(unknown_names_are_not_known) {
    static const char *const names[] = {"", "url", "id", "urls", "Timeout", "timeout ", "timeouts", "time_out"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(read_json(names[i], "1"));
    assert_int_equal(d.problem.status, 0);
}

TEST(max_concurrent_is_a_whole_number_up_to_its_setting) {
    static const char detail[] = "max_concurrent must be a whole number from 1 to 1000";
    static const char wrong[] = "0|-1|1001|1.5|0.999|1e400|-1e400|1e18";
    take("max_concurrent", "1");
    assert_int_equal(d.batch.max_concurrent, 1);
    take("max_concurrent", "1e3");
    assert_int_equal(d.batch.max_concurrent, 1000);
    refuse_each("max_concurrent", wrong, detail);
    refuse_each("max_concurrent", no_numbers, "max_concurrent must be a number");
    assert_int_equal(d.batch.max_concurrent, 1000);
    d.settings.pool.max_concurrent_limit = 2;
    refuse("max_concurrent", "3", "max_concurrent must be a whole number from 1 to 2");
}

static void assert_seconds(const char *name, const int64_t *field, const char *detail) {
    static const char wrong[] = "0|0.0009|-1|600.001|1e400|-1e400";
    char no_number[100];
    take(name, "0.001");
    assert_int_equal(*field, 1);
    take(name, "600");
    assert_int_equal(*field, 600 * 1000);
    take(name, "1.2346");
    assert_int_equal(*field, 1235);
    refuse_each(name, wrong, detail);
    (void)snprintf(no_number, sizeof no_number, "%s must be a number", name);
    refuse_each(name, no_numbers, no_number);
    assert_int_equal(*field, 1235);
    d.settings.fetch.timeout_limit_ms = 1500;
    take(name, "1.5");
    assert_int_equal(*field, 1500);
}

TEST(timeout_is_seconds_up_to_its_setting) {
    assert_seconds("timeout", &d.batch.options.timeout_ms, "timeout must be a number of seconds from 0.001 to 600");
    refuse("timeout", "1.6", "timeout must be a number of seconds from 0.001 to 1.5");
}

TEST(connect_timeout_is_seconds_up_to_the_same_setting) {
    assert_seconds("connect_timeout", &d.batch.options.connect_timeout_ms,
                   "connect_timeout must be a number of seconds from 0.001 to 600");
}

TEST(deadline_counts_from_now) {
    static const char wrong[] = "0|0.0009|-1|86400.1|1e400";
    int64_t before_ms = clock_after_ms(0);
    take("deadline", "86400");
    int64_t after_ms = clock_after_ms(0);
    assert_in_range(d.batch.deadline_ms, before_ms + 86400 * 1000, after_ms + 86400 * 1000);
    take("deadline", "0.001");
    assert_in_range(d.batch.deadline_ms, after_ms + 1, clock_after_ms(1));
    refuse_each("deadline", wrong, "deadline must be a number of seconds from 0.001 to 86400");
    refuse_each("deadline", no_numbers, "deadline must be a number");
}

TEST(method_is_one_of_the_known) {
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    static const char wrong[] = "\"get\"|\"\"|\"CONNECT\"|\"TRACE\"|\"GET \"|\"GET\\r\\nX: y\"";
    static const char detail[] = "method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[20];
        (void)snprintf(text, sizeof text, "\"%s\"", known[i]);
        take("method", text);
        assert_string_equal(d.batch.options.method, known[i]);
    }
    refuse_each("method", wrong, detail);
    refuse_each("method", no_texts, detail);
    assert_string_equal(d.batch.options.method, "OPTIONS");
}

TEST(body_is_kept_as_it_is) {
    take("body", "\"a\\n\\u00e9\"");
    assert_int_equal(d.batch.options.body_bytes, 4);
    assert_memory_equal(d.batch.options.body, "a\n\xC3\xA9", 5);
    take("body", "\"\"");
    assert_non_null(d.batch.options.body);
    assert_int_equal(d.batch.options.body_bytes, 0);
    refuse_each("body", no_texts, "body must be a string");
}

TEST(body_base64_is_kept_as_its_bytes) {
    static const char detail[] = "body_base64 must be base64 (RFC 4648, section 4), padded, without blanks";
    take("body_base64", "\"AP9h\"");
    assert_int_equal(d.batch.options.body_bytes, 3);
    assert_memory_equal(d.batch.options.body, "\0\xFF\x61", 3);
    refuse_each("body_base64", "\"a\"|\"YQ\"|\"YQ=\"|\"YR==\"|\"YQ==\\n\"|\" YQ==\"|\"-_-_\"|\"YQ==YQ==\"", detail);
    refuse_each("body_base64", no_texts, "body_base64 must be a string");
    assert_int_equal(d.batch.options.body_bytes, 3);
    take("body_base64", "\"\"");
    assert_non_null(d.batch.options.body);
    assert_int_equal(d.batch.options.body_bytes, 0);
}

TEST(body_is_given_once) {
    take("body", "\"a\"");
    refuse("body_base64", "\"YQ==\"", "give either body or body_base64");
    struct fetch_options own = d.batch.options;
    d.target.options = &own;
    d.target.is_item = true;
    take("body_base64", "\"YmM=\"");
    assert_string_equal(d.batch.options.body, "a");
    assert_memory_equal(own.body, "bc", 2);
    refuse("body", "\"d\"", "give either body or body_base64");
}

TEST(http_version_is_one_of_its_words) {
    static const char detail[] = "http_version must be one of the strings 1.1, 2, auto";
    assert_int_equal(d.batch.options.http_version, FETCH_HTTP_1_1);
    take("http_version", "\"2\"");
    assert_int_equal(d.batch.options.http_version, FETCH_HTTP_2);
    take("http_version", "\"auto\"");
    assert_int_equal(d.batch.options.http_version, FETCH_HTTP_AUTO);
    refuse_each("http_version", "\"\"|\"2.0\"|\"1\"|\"1.0\"|\"3\"|\"h2\"|\"HTTP/2\"|\"Auto\"|2|1.1", detail);
    refuse_each("http_version", no_texts, detail);
    assert_int_equal(d.batch.options.http_version, FETCH_HTTP_AUTO);
    take("http_version", "\"1.1\"");
    assert_int_equal(d.batch.options.http_version, FETCH_HTTP_1_1);
}

TEST(switches_are_true_or_false) {
    take("follow_redirects", "false");
    assert_false(d.batch.options.follow_redirects);
    assert_true(d.batch.options.decompress);
    take("follow_redirects", "true");
    assert_true(d.batch.options.follow_redirects);
    take("decompress", "false");
    assert_false(d.batch.options.decompress);
    assert_false(d.batch.options.head_fallback);
    take("head_fallback", "true");
    assert_true(d.batch.options.head_fallback);
    refuse_each("head_fallback", no_bools, "head_fallback must be true or false");
    refuse_each("follow_redirects", no_bools, "follow_redirects must be true or false");
    refuse_each("decompress", no_bools, "decompress must be true or false");
}

TEST(max_redirects_is_a_whole_number_up_to_100) {
    static const char wrong[] = "-1|101|0.5|1e400|-0.1";
    take("max_redirects", "0");
    assert_int_equal(d.batch.options.max_redirects, 0);
    take("max_redirects", "100");
    assert_int_equal(d.batch.options.max_redirects, 100);
    refuse_each("max_redirects", wrong, "max_redirects must be a whole number from 0 to 100");
    refuse_each("max_redirects", no_numbers, "max_redirects must be a number");
}

TEST(max_size_is_a_whole_number_up_to_its_setting) {
    static const char wrong[] = "-1|104857601|0.5|1e400|-1e400";
    take("max_size", "0");
    assert_int_equal(d.batch.options.max_size_bytes, 0);
    take("max_size", "104857600");
    assert_int_equal(d.batch.options.max_size_bytes, 104857600);
    refuse_each("max_size", wrong, "max_size must be a whole number from 0 to 104857600");
    refuse_each("max_size", no_numbers, "max_size must be a number");
    d.settings.fetch.max_size_limit_bytes = INT64_C(1) << 40;
    take("max_size", "1099511627776");
    assert_int_equal(d.batch.options.max_size_bytes, INT64_C(1) << 40);
}

TEST(include_is_a_list_of_names) {
    static const char wrong[] =
        "\"body\"|[\"bodies\"]|[\"body\",1]|[null]|[\"\"]|{}|[[\"body\"]]|[\"Body\"]|true|null|1";
    take("include", "[\"headers\",\"body\",\"timings\",\"redirects\",\"connection\"]");
    assert_int_equal(d.batch.options.include, 31);
    take("include", "[\"body\",\"body\"]");
    assert_int_equal(d.batch.options.include, FETCH_INCLUDE_BODY);
    refuse_each("include", wrong, "include must be a list of names out of: " FETCH_INCLUDE_NAMES);
    assert_int_equal(d.batch.options.include, FETCH_INCLUDE_BODY);
    take("include", "[]");
    assert_int_equal(d.batch.options.include, 0);
}

TEST(order_is_one_of_two_words) {
    d.delivery.format = &answer_lines;
    take("order", "\"completion\"");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_COMPLETION);
    refuse_each("order", no_texts, "order must be input or completion");
    refuse_each("order", "\"\"|\"Input\"|\"input \"", "order must be input or completion");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_COMPLETION);
    take("order", "\"input\"");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_INPUT);
}

TEST(on_disconnect_is_one_of_its_words) {
    assert_int_equal(d.delivery.on_disconnect, DELIVERY_CANCEL);
    take("on_disconnect", "\"finish\"");
    assert_int_equal(d.delivery.on_disconnect, DELIVERY_FINISH);
    refuse_each("on_disconnect", no_texts, "on_disconnect must be cancel or finish");
    refuse_each("on_disconnect", "\"\"|\"Finish\"|\"abort\"", "on_disconnect must be cancel or finish");
    refuse("on_disconnect", "\"detach\"", "on_disconnect detach is not supported yet: use cancel or finish");
    assert_int_equal(d.delivery.on_disconnect, DELIVERY_FINISH);
    take("on_disconnect", "\"cancel\"");
    assert_int_equal(d.delivery.on_disconnect, DELIVERY_CANCEL);
}

TEST(dedupe_is_true_or_false) {
    assert_false(d.batch.dedupe);
    take("dedupe", "true");
    assert_true(d.batch.dedupe);
    refuse_each("dedupe", no_bools, "dedupe must be true or false");
    take("dedupe", "false");
    assert_false(d.batch.dedupe);
}

TEST(headers_become_lines) {
    take("headers", "{\"A\":\"1\",\"b\":[\"2\",\"3\"],\"C\":\"\",\"D\":[]}");
    static const char *const lines[] = {"A: 1", "b: 2", "b: 3", "C: "};
    assert_int_equal(d.batch.options.header_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(d.batch.options.headers[i], lines[i]);
    take("headers", "{}");
    assert_int_equal(d.batch.options.header_count, 0);
}

TEST(wrong_headers_are_told_by_name) {
    static const char no_objects[] = "[]|\"A: b\"|null|1|[\"A: b\"]";
    static const char no_string[] = "header A: the value must be a string, or a list of strings";
    refuse_each("headers", no_objects, headers_detail);
    refuse_at(POINTER "/A", "headers", "{\"A\":1}", no_string);
    refuse_at(POINTER "/A", "headers", "{\"A\":null}", no_string);
    refuse_at(POINTER "/A", "headers", "{\"A\":{}}", no_string);
    refuse_at(POINTER "/A", "headers", "{\"A\":[\"b\",[\"c\"]]}", no_string);
    refuse_at(POINTER "/Host", "headers", "{\"Host\":\"x\"}", "header Host: this header cannot be set");
    refuse_at(POINTER "/A", "headers", "{\"A\":\"b\\r\\nC: d\"}", "header A: the value has a control character");
    refuse_at(POINTER "/A B", "headers", "{\"A B\":\"c\"}", "header A B: this is not a header name");
    refuse_at(POINTER "/", "headers", "{\"\":\"c\"}", "header : this is not a header name");
}

/* An object of `names` names with a list of `values` values each. */
static char *write_headers(int names, int values) {
    static char text[10000];
    size_t n = (size_t)snprintf(text, sizeof text, "{");
    for (int i = 0; i < names; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"H%d\":[\"v\"", i > 0 ? "," : "", i);
        for (int k = 1; k < values; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, ",\"v\"");
        n += (size_t)snprintf(text + n, sizeof text - n, "]");
    }
    (void)snprintf(text + n, sizeof text - n, "}");
    return text;
}

TEST(headers_have_their_limit) {
    take("headers", write_headers(200, 1));
    assert_int_equal(d.batch.options.header_count, 200);
    take("headers", write_headers(2, 100));
    assert_int_equal(d.batch.options.header_count, 200);
    refuse("headers", write_headers(201, 1), "more than 200 headers");
    refuse("headers", write_headers(1, 201), "more than 200 headers");
}

TEST(items_cannot_say_what_is_of_the_batch) {
    d.target.is_item = true;
    refuse("max_concurrent", "1", "max_concurrent is an option of the whole batch");
    refuse("deadline", "1", "deadline is an option of the whole batch");
    refuse("dedupe", "true", "dedupe is an option of the whole batch");
    refuse("order", "\"input\"", "order is an option of the whole batch");
    refuse("on_disconnect", "\"finish\"", "on_disconnect is an option of the whole batch");
    take("timeout", "1");
}

TEST(items_have_values_of_their_own) {
    struct fetch_options own = d.batch.options;
    d.target.options = &own;
    d.target.is_item = true;
    take("max_redirects", "3");
    take("method", "\"PUT\"");
    assert_int_equal(own.max_redirects, 3);
    assert_int_equal(d.batch.options.max_redirects, 0);
    assert_string_equal(d.batch.options.method, "GET");
}

TEST(head_has_no_body) {
    fetch_options_finish(&d.target, "/a");
    assert_int_equal(d.problem.status, 0);
    take("method", "\"HEAD\"");
    fetch_options_finish(&d.target, "/a");
    assert_int_equal(d.problem.status, 0);
    take("body", "\"\"");
    fetch_options_finish(&d.target, "/a");
    unit_decode_assert_wrong(&d, "HEAD", "/a", "a HEAD request has no body");
}

static cJSON *headers;

static void read_some(void) {
    (void)begin(NULL); /* cannot fail */
    (void)fetch_options_read(&d.target, "headers", headers, POINTER);
    assert_int_equal(d.problem.status, unit_failed_allocations() > 0 ? 503 : 0);
    (void)end(NULL);
}

TEST(memory_that_runs_out_is_told) {
    cJSON_InitHooks(&(cJSON_Hooks){malloc, free}); /* those that can be made to fail */
    headers = cJSON_Parse("{\"A\":\"1\",\"B\":[\"2\",\"3\"]}");
    unit_fail_each_allocation(read_some);
    cJSON_Delete(headers);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_names_are_not_known, begin, end),
        cmocka_unit_test_setup_teardown(max_concurrent_is_a_whole_number_up_to_its_setting, begin, end),
        cmocka_unit_test_setup_teardown(timeout_is_seconds_up_to_its_setting, begin, end),
        cmocka_unit_test_setup_teardown(connect_timeout_is_seconds_up_to_the_same_setting, begin, end),
        cmocka_unit_test_setup_teardown(deadline_counts_from_now, begin, end),
        cmocka_unit_test_setup_teardown(method_is_one_of_the_known, begin, end),
        cmocka_unit_test_setup_teardown(body_is_kept_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(body_base64_is_kept_as_its_bytes, begin, end),
        cmocka_unit_test_setup_teardown(body_is_given_once, begin, end),
        cmocka_unit_test_setup_teardown(http_version_is_one_of_its_words, begin, end),
        cmocka_unit_test_setup_teardown(switches_are_true_or_false, begin, end),
        cmocka_unit_test_setup_teardown(max_redirects_is_a_whole_number_up_to_100, begin, end),
        cmocka_unit_test_setup_teardown(max_size_is_a_whole_number_up_to_its_setting, begin, end),
        cmocka_unit_test_setup_teardown(include_is_a_list_of_names, begin, end),
        cmocka_unit_test_setup_teardown(order_is_one_of_two_words, begin, end),
        cmocka_unit_test_setup_teardown(on_disconnect_is_one_of_its_words, begin, end),
        cmocka_unit_test_setup_teardown(dedupe_is_true_or_false, begin, end),
        cmocka_unit_test_setup_teardown(headers_become_lines, begin, end),
        cmocka_unit_test_setup_teardown(wrong_headers_are_told_by_name, begin, end),
        cmocka_unit_test_setup_teardown(headers_have_their_limit, begin, end),
        cmocka_unit_test_setup_teardown(items_cannot_say_what_is_of_the_batch, begin, end),
        cmocka_unit_test_setup_teardown(items_have_values_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(head_has_no_body, begin, end),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("fetch_options", tests, NULL, NULL);
}
