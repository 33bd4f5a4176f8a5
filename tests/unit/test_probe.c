#include "pool/probe.h"
#include "unit.h"
#include "unit_origin.h"

#include <string.h>

static const struct unit_route routes[] = {
    {.path = "/well", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
    {.path = "/busy", .answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/moved", .answer = "HTTP/1.1 302 Found\r\nLocation: /well\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {0},
};

static struct unit_origin origin;
static char error[PROBE_ERROR_BYTES];

static int begin(void **state) {
    (void)state;
    unit_origin_start(&origin, routes);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_origin_stop(&origin);
    return 0;
}

static enum err ask(const char *url) {
    return probe_ask(&(struct probe){.url = url, .timeout_ms = 300}, error);
}

TEST(what_is_answered_with_200_is_well) {
    assert_int_equal(ask(unit_origin_url(&origin, "/well")), ERR_NONE);
    assert_int_equal(ask(unit_origin_url(&origin, "/well")), ERR_NONE);
    assert_int_equal(unit_origin_connections(&origin), 2);
}

TEST(another_status_is_told) {
    assert_int_equal(ask(unit_origin_url(&origin, "/busy")), ERR_IO);
    assert_string_equal(error, "answered with status 503");
}

TEST(redirects_are_not_followed) {
    assert_int_equal(ask(unit_origin_url(&origin, "/moved")), ERR_IO);
    assert_string_equal(error, "answered with status 302");
    assert_int_equal(unit_origin_requests(&origin), 1);
}

TEST(silence_ends_in_time) {
    assert_int_equal(ask(unit_origin_url(&origin, "/silent")), ERR_IO);
    assert_non_null(strstr(error, "timed out"));
}

TEST(nobody_there_is_told) {
    assert_int_equal(ask("http://127.0.0.1:1/"), ERR_IO);
    assert_non_null(strstr(error, "127.0.0.1"));
    const struct probe at_socket = {.url = "http://localhost/", .unix_path = "/nonexistent/http", .timeout_ms = 300};
    assert_int_equal(probe_ask(&at_socket, error), ERR_IO);
    assert_true(*error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_answered_with_200_is_well, begin, end),
        cmocka_unit_test_setup_teardown(another_status_is_told, begin, end),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, begin, end),
        cmocka_unit_test_setup_teardown(silence_ends_in_time, begin, end),
        cmocka_unit_test(nobody_there_is_told),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
