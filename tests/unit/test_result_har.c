#include "pool/result_har.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static const struct fetch_item item = {.url = "http://h/a?b=c&d", .id = "i"};
static struct fetch_options options;
static struct fetch_result result;
static struct buf out;

static int begin(void **state) {
    (void)state;
    fetch_result_init(&result);
    buf_init(&out, SIZE_MAX);
    options = (struct fetch_options){.method = "POST"};
    result.status = 200;
    result.size_bytes = 5;
    result.elapsed_us = 2000;
    result.timings.total_us = 2000;
    result.timings.queue_us = 500;
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    buf_fini(&out);
    return 0;
}

static struct fetch_hop *add_hop(const char *url, const char *request, int status, const char *response) {
    struct fetch_hop *hop;
    assert_int_equal(fetch_hops_add(&result.hops, url, "POST", &hop), ERR_NONE);
    assert_int_equal(buf_append_text(&hop->request, request), ERR_NONE);
    assert_int_equal(buf_append_text(&hop->response, response), ERR_NONE);
    hop->status = status;
    hop->performed_us = hop->started_us;
    hop->ended_us = hop->started_us + 1000;
    hop->connect_us = 300;
    hop->pretransfer_us = 310;
    hop->starttransfer_us = 900;
    hop->local_port = 1234;
    (void)snprintf(hop->remote_ip, sizeof hop->remote_ip, "192.0.2.1");
    return hop;
}

static void encode(void) {
    buf_clear(&out);
    assert_int_equal(result_har(&out, &item, 3, &options, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
}

static void assert_has(const char *text) {
    if (!strstr(out.data, text))
        fail_msg("%s\nis not in\n%s", text, out.data);
}

static void assert_lacks(const char *text) {
    if (strstr(out.data, text))
        fail_msg("%s\nis in\n%s", text, out.data);
}

#define REQUEST "POST /a?b=c&d HTTP/1.1\r\nHost: h\r\nAuthorization: secret\r\nCookie: a=1; b=2\r\n\r\n"
#define RESPONSE                                                                                                       \
    "HTTP/1.1 200 All right\r\nContent-Type: text/plain\r\nSet-Cookie: c=3; Path=/\r\nSet-Cookie: d\r\n\r\n"
#define RESULT "\"_index\":3,\"_result\":{\"url\":\"http://h/a?b=c&d\",\"index\":3,"

TEST(response_is_an_entry) {
    add_hop(item.url, REQUEST, 200, RESPONSE)->length_bytes = 5;
    encode();
    assert_has("\"request\":{\"method\":\"POST\",\"url\":\"http://h/a?b=c&d\",\"httpVersion\":\"HTTP/1.1\","
               "\"cookies\":[],\"headers\":[{\"name\":\"Host\",\"value\":\"h\"}],"
               "\"queryString\":[{\"name\":\"b\",\"value\":\"c\"},{\"name\":\"d\",\"value\":\"\"}],"
               "\"headersSize\":76,\"bodySize\":0}");
    assert_has("\"response\":{\"status\":200,\"statusText\":\"All right\",\"httpVersion\":\"HTTP/1.1\","
               "\"cookies\":[],\"headers\":[{\"name\":\"Content-Type\",\"value\":\"text/plain\"}],"
               "\"content\":{\"size\":5,\"mimeType\":\"text/plain\"},\"redirectURL\":\"\",\"headersSize\":92,"
               "\"bodySize\":5}");
    assert_has("\"time\":1.5,");
    assert_has("\"timings\":{\"blocked\":0.5,\"dns\":-1,\"connect\":0.3,\"ssl\":-1,\"send\":0.01,\"wait\":0.59,"
               "\"receive\":0.1},\"serverIPAddress\":\"192.0.2.1\",\"connection\":\"1234\"," RESULT
               "\"status\":200,\"size\":5,\"elapsed\":0.002,\"id\":\"i\"}}");
}

TEST(secrets_are_there_for_who_asks_for_headers) {
    add_hop(item.url, REQUEST, 200, RESPONSE);
    options.include = FETCH_INCLUDE_HEADERS;
    encode();
    assert_has("\"cookies\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"2\"}]");
    assert_has("{\"name\":\"Authorization\",\"value\":\"secret\"}");
    assert_has("\"cookies\":[{\"name\":\"c\",\"value\":\"3\"},{\"name\":\"d\",\"value\":\"\"}]");
    assert_has("{\"name\":\"Set-Cookie\",\"value\":\"c=3; Path=/\"}");
}

TEST(bodies_are_there_for_who_asks_for_them) {
    struct fetch_hop *hop = add_hop(item.url, "POST / HTTP/1.1\r\nContent-Type: x/y\r\n\r\n", 200, RESPONSE);
    hop->body = "hi\xFF";
    hop->body_bytes = 3;
    hop->length_bytes = 8;
    assert_int_equal(buf_append_text(&result.body, "hello"), ERR_NONE);
    encode();
    assert_lacks("postData");
    assert_lacks("\"text\":");
    assert_has("\"bodySize\":3}");
    options.include = FETCH_INCLUDE_BODY;
    encode();
    assert_has("\"postData\":{\"mimeType\":\"x/y\",\"text\":\"aGn/\",\"_encoding\":\"base64\"}");
    assert_has("\"content\":{\"size\":5,\"compression\":-3,\"mimeType\":\"text/plain\",\"text\":\"hello\"}");
    buf_clear(&result.body);
    assert_int_equal(buf_append_text(&result.body, "\xFF"), ERR_NONE);
    encode();
    assert_has("\"text\":\"/w==\",\"encoding\":\"base64\"}");
}

TEST(redirect_is_an_entry_of_its_own) {
    add_hop("http://h/a", REQUEST, 302, "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n")->is_followed = true;
    add_hop("http://h/b", "GET /b HTTP/1.1\r\n\r\n", 200, "HTTP/1.1 200\r\nLocation: /c\r\n\r\n");
    encode();
    assert_has("\"redirectURL\":\"/b\",\"headersSize\":36,");
    assert_has("\"statusText\":\"Found\"");
    assert_has("\"url\":\"http://h/b\"");
    assert_has("\"redirectURL\":\"\"");
    char *second = strstr(out.data, ",\n{\"startedDateTime\"");
    assert_non_null(second);
    assert_null(strstr(second + 1, ",\n{"));
    assert_non_null(strstr(second, "\"_result\""));
    *second = '\0';
    assert_null(strstr(out.data, "\"_result\""));
    assert_has("\"_index\":3}");
}

TEST(failure_has_status_0_and_its_error) {
    add_hop(item.url, REQUEST, 0, "");
    fetch_result_fail(&result, FETCH_EMPTY_REPLY, "why");
    encode();
    assert_has("\"response\":{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],"
               "\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"},\"redirectURL\":\"\",\"headersSize\":-1,"
               "\"bodySize\":-1,\"_error\":\"why\"}");
    assert_has(RESULT "\"status\":0,\"error\":\"why\",\"error_code\":\"empty_reply\"");
}

TEST(what_was_never_asked_is_an_entry_too) {
    const struct fetch_item bad = {.url = "no url"};
    fetch_result_fail(&result, FETCH_INVALID_URL, "why");
    assert_int_equal(result_har(&out, &bad, 0, &options, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_has("\"request\":{\"method\":\"POST\",\"url\":\"about:invalid#no%20url\",\"httpVersion\":\"\","
               "\"cookies\":[],\"headers\":[],\"queryString\":[],\"headersSize\":-1,\"bodySize\":-1}");
    assert_has("\"timings\":{\"blocked\":2.5,\"dns\":-1,\"connect\":-1,\"ssl\":-1,\"send\":0.0,\"wait\":0.0,"
               "\"receive\":0.0},\"_index\":0,");
    assert_lacks("serverIPAddress");
}

TEST(redirect_that_leads_nowhere_is_followed_by_its_failure) {
    add_hop("http://h/a", REQUEST, 302, "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\n\r\n")->is_followed = true;
    fetch_result_fail(&result, FETCH_UNSUPPORTED_SCHEME, "why");
    encode();
    assert_has("\"redirectURL\":\"ftp://x/\"");
    assert_has("\"url\":\"about:invalid#ftp://x/\"");
    assert_has("\"_error\":\"why\"");
}

static void write(void) {
    struct buf small;
    buf_init(&small, SIZE_MAX);
    enum err err = result_har(&small, &item, 3, &options, &result);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    buf_fini(&small);
}

TEST(lack_of_memory_is_told) {
    add_hop("http://h/a", REQUEST, 302, "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\n\r\n")->is_followed = true;
    fetch_result_fail(&result, FETCH_UNSUPPORTED_SCHEME, "why");
    unit_fail_each_allocation(write);
}

TEST(full_buffer_is_told) {
    add_hop(item.url, REQUEST, 200, RESPONSE);
    encode();
    for (size_t max = 0; max < out.len; max += 7) {
        struct buf small;
        buf_init(&small, max);
        assert_int_equal(result_har(&small, &item, 3, &options, &result), ERR_LIMIT);
        buf_fini(&small);
    }
}

#define RESULT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESULT_TEST(response_is_an_entry),
        RESULT_TEST(secrets_are_there_for_who_asks_for_headers),
        RESULT_TEST(bodies_are_there_for_who_asks_for_them),
        RESULT_TEST(redirect_is_an_entry_of_its_own),
        RESULT_TEST(failure_has_status_0_and_its_error),
        RESULT_TEST(what_was_never_asked_is_an_entry_too),
        RESULT_TEST(redirect_that_leads_nowhere_is_followed_by_its_failure),
        RESULT_TEST(lack_of_memory_is_told),
        RESULT_TEST(full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("result_har", tests, NULL, NULL);
}
