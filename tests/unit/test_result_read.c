#include "cli/result_read.h"

#include "pool/result_json.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fetch_result result;
static struct result_line line;

static int begin(void **state) {
    (void)state;
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    return 0;
}

enum {
    ALL = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY | FETCH_INCLUDE_TIMINGS | FETCH_INCLUDE_REDIRECTS |
          FETCH_INCLUDE_CONNECTION | FETCH_INCLUDE_ATTEMPTS | FETCH_INCLUDE_TLS | FETCH_INCLUDE_SHA256
};

/* What is read is written again as it was. */
static void assert_same(const char *text) {
    const struct fetch_item item = {.url = "u"};
    struct buf again;
    buf_init(&again, 100000);
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_NONE);
    assert_int_equal(result_json(&again, &item, line.index, ALL, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&again), ERR_NONE);
    assert_string_equal(again.data, text);
    buf_fini(&again);
}

static void assert_refused(const char *text) {
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_INVALID);
    fetch_result_fini(&result);
    fetch_result_init(&result);
}

static const char whole[] =
    "{\"url\":\"u\",\"index\":7,\"status\":200,\"size\":3,\"elapsed\":1.000002,\"final_url\":\"http://a/\\u0001\","
    "\"redirects\":[{\"url\":\"http://b/\",\"status\":302,\"location\":\"/c\"}],"
    "\"headers\":{\"a\":[\"1\",\"2\"],\"b\":[\"\"]},\"body\":\"much text "
    "x\\u0000\xC3\xBC\",\"body_encoding\":\"utf-8\","
    "\"connection\":{\"remote_ip\":\"::1\",\"remote_port\":443,\"http_version\":\"1.1\",\"reused\":true},"
    "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"subject\":\"CN=a\",\"issuer\":\"CN=b\","
    "\"expires_at\":\"2027-01-01T00:00:00Z\"},\"sha256\":\"00\","
    "\"timings\":{\"queue\":0.1,\"namelookup\":0.2,\"connect\":0.3,\"appconnect\":0.4,\"pretransfer\":0.5,"
    "\"starttransfer\":0.6,\"redirect\":0.000001,\"total\":1.0},"
    "\"attempts\":[{\"status\":0,\"error_code\":\"recv\",\"elapsed\":0.1,\"delay\":0.25},"
    "{\"status\":200,\"head_status\":405,\"elapsed\":0.2,\"given_up\":\"budget\"}]}";

TEST(a_result_is_read_whole) {
    assert_same(whole);
    assert_int_equal(result.body.len, 14);
}

TEST(a_failure_is_read) {
    assert_same("{\"url\":\"u\",\"index\":0,\"status\":0,\"error\":\"why \\\"\",\"error_code\":\"dns\",\"elapsed\":0.0,"
                "\"final_url\":\"u\",\"redirects\":[],\"timings\":{\"queue\":0.0,\"namelookup\":0.0,\"connect\":0.0,"
                "\"appconnect\":0.0,\"pretransfer\":0.0,\"starttransfer\":0.0,\"redirect\":0.0,\"total\":0.0},"
                "\"attempts\":[]}");
}

TEST(bytes_are_read) {
    static const char text[] = "{\"index\":1,\"status\":200,\"body\":\"/wD+\",\"body_encoding\":\"base64\"}";
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_NONE);
    assert_int_equal(result.body.len, 3);
    assert_memory_equal(result.body.data, "\xFF\0\xFE", 3);
}

TEST(the_last_line_is_told) {
    static const char text[] = "{\"done\":true,\"counts\":{\"total\":1}}";
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_NONE);
    assert_true(line.is_end);
}

TEST(what_is_not_known_is_passed_over) {
    static const char text[] = "{\"index\":1,\"new\":{\"a\":[1,{}]},\"status\":204}";
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_NONE);
    assert_int_equal(result.status, 204);
}

TEST(why_a_retry_was_given_up_may_be_a_new_reason) {
    static const char text[] = "{\"index\":1,\"status\":200,\"attempts\":[{\"status\":503,\"given_up\":\"new\"}]}";
    assert_int_equal(result_read(text, strlen(text), &line, &result), ERR_NONE);
    assert_int_equal(result.attempts[0].given_up, FETCH_GIVEN_UP_NOT);
}

TEST(an_error_that_is_not_known_is_told_as_it_came) {
    assert_same("{\"url\":\"u\",\"index\":0,\"status\":0,\"error\":\"why\",\"error_code\":\"new_1\",\"elapsed\":0.0,"
                "\"final_url\":\"u\",\"redirects\":[],\"timings\":{\"queue\":0.0,\"namelookup\":0.0,\"connect\":0.0,"
                "\"appconnect\":0.0,\"pretransfer\":0.0,\"starttransfer\":0.0,\"redirect\":0.0,\"total\":0.0},"
                "\"attempts\":[{\"status\":0,\"error_code\":\"new_2\",\"elapsed\":0.1,\"delay\":0.25},"
                "{\"status\":0,\"error_code\":\"new_1\",\"elapsed\":0.2}]}");
}

TEST(what_is_no_result_is_refused) {
    assert_refused("");
    assert_refused("[]");
    assert_refused("{}");
    assert_refused("{\"index\":1");
    assert_refused("{\"index\":\"1\"}");
    assert_refused("{\"index\":-5}");
    assert_refused("{\"index\":1e300}");
    assert_refused("{\"index\":1,\"status\":200,\"error_code\":\"no name\"}");
    assert_refused("{\"index\":1,\"status\":200,\"headers\":[]}");
    assert_refused("{\"index\":1,\"status\":200,\"headers\":{\"a\":\"b\"}}");
    assert_refused("{\"index\":1,\"status\":200,\"headers\":{\"a\":[\"b\\u0000c\"]}}");
    assert_refused("{\"index\":1,\"status\":200,\"redirects\":[{\"url\":\"a\"}]}");
    assert_refused("{\"index\":1,\"status\":200,\"tls\":{}}");
    assert_refused("{\"index\":1,\"status\":200,\"body\":5}");
    assert_refused("{\"index\":1,\"status\":200,\"body\":\"?\",\"body_encoding\":\"base64\"}");
    assert_refused("{\"index\":1,\"status\":200,\"attempts\":{}}");
}

static void assert_refused_with(const char *member) {
    char text[200];
    (void)snprintf(text, sizeof text, "{\"index\":1,\"status\":200,%s}", member);
    assert_refused(text);
}

TEST(a_result_has_a_status_or_a_reason) {
    assert_refused("{\"index\":1}");
    assert_refused("{\"index\":1,\"status\":0}");
    assert_refused("{\"index\":1,\"status\":0,\"error\":\"why\"}");
    assert_refused("{\"index\":1,\"status\":99}");
    assert_refused("{\"index\":1,\"status\":1000}");
    assert_refused("{\"index\":1,\"status\":200.5}");
    assert_refused("{\"index\":1,\"status\":-1}");
    assert_refused("{\"index\":1,\"status\":2147483648}");
    assert_refused("{\"index\":1,\"status\":3221225472}");
    assert_refused("{\"index\":1,\"status\":4294967295}");
}

TEST(numbers_that_cannot_be_are_refused) {
    static const char *const members[] = {
        "\"size\":-1",
        "\"size\":0.5",
        "\"size\":1e13",
        "\"elapsed\":-0.1",
        "\"elapsed\":1e10",
        "\"index\":-0.4",
        "\"index\":1.5",
        "\"connection\":{\"remote_port\":65536}",
        "\"redirects\":[{\"url\":\"a\",\"status\":4294967596,\"location\":\"b\"}]",
        "\"timings\":{\"total\":-1}",
        "\"attempts\":[{\"status\":1000}]",
        "\"attempts\":[{\"status\":200,\"head_status\":7}]",
        "\"attempts\":[{\"status\":200,\"delay\":-1}]",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        assert_refused_with(members[i]);
}

static void read_some(void) {
    fetch_result_fini(&result);
    fetch_result_init(&result);
    enum err err = result_read(whole, strlen(whole), &line, &result);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(read_some);
}

#define READ_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        READ_TEST(a_result_is_read_whole),
        READ_TEST(a_failure_is_read),
        READ_TEST(bytes_are_read),
        READ_TEST(the_last_line_is_told),
        READ_TEST(what_is_not_known_is_passed_over),
        READ_TEST(why_a_retry_was_given_up_may_be_a_new_reason),
        READ_TEST(an_error_that_is_not_known_is_told_as_it_came),
        READ_TEST(what_is_no_result_is_refused),
        READ_TEST(a_result_has_a_status_or_a_reason),
        READ_TEST(numbers_that_cannot_be_are_refused),
        READ_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("result_read", tests, NULL, NULL);
}
