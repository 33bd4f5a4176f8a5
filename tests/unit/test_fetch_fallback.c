/* A HEAD that the server does not know, and the GET that follows it. */
#include "pool/fetch.h"

#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <string.h>

/* The origin answers whatever the method is. */
static const struct unit_route routes[] = {
    {.path = "/200", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/404", .answer = "HTTP/1.1 404 So\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/405", .answer = "HTTP/1.1 405 So\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/501", .answer = "HTTP/1.1 501 So\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/to", .answer = "HTTP/1.1 302 So\r\nContent-Length: 0\r\nLocation: /405\r\n\r\n"},
    {0},
};

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct fetch_options options;
static struct fetch_result result;

static int begin(void **state) {
    (void)state;
    unit_fetcher_create(&fetcher);
    unit_origin_start(&origin, routes);
    options = unit_fetcher_options(&fetcher);
    options.include |= FETCH_INCLUDE_SHA256;
    options.method = "HEAD";
    options.head_fallback = true;
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&origin);
    unit_fetcher_destroy(&fetcher);
    return 0;
}

static void fetch(const char *path) {
    unit_fetcher_fetch(&fetcher, unit_origin_url(&origin, path), &options, &result);
    assert_int_equal(result.error, FETCH_OK);
}

/* "HEAD /a", in the order in which they came. */
static void assert_requests(const char *const *lines, size_t count) {
    assert_int_equal(unit_origin_requests(&origin), count);
    for (size_t i = 0; i < count; i++)
        assert_memory_equal(unit_origin_request(&origin, i), lines[i], strlen(lines[i]));
}

TEST(head_that_is_known_is_all) {
    static const char *const lines[] = {"HEAD /200 ", "HEAD /404 "};
    fetch("/200");
    fetch("/404");
    assert_int_equal(result.status, 404);
    assert_int_equal(result.head_status, 0);
    assert_requests(lines, 2);
}

TEST(head_that_is_not_known_is_followed_by_get) {
    static const char *const lines[] = {"HEAD /405 ", "GET /405 ", "HEAD /501 ", "GET /501 "};
    fetch("/405");
    assert_int_equal(result.status, 405);
    assert_int_equal(result.head_status, 405);
    assert_true(result.timings.redirect_us > 0 && result.timings.redirect_us <= result.timings.total_us);
    assert_string_equal(result.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    fetch("/501");
    assert_int_equal(result.head_status, 501);
    assert_requests(lines, 4);
}

TEST(get_goes_where_the_redirects_have_led) {
    static const char *const lines[] = {"HEAD /to ", "HEAD /405 ", "GET /405 "};
    fetch("/to");
    assert_int_equal(result.redirect_count, 1);
    assert_int_equal(result.head_status, 405);
    assert_requests(lines, 3);
}

TEST(other_methods_and_other_wishes_are_left_alone) {
    static const char *const lines[] = {"GET /405 ", "HEAD /405 "};
    options.method = "GET";
    fetch("/405");
    options.method = "HEAD";
    options.head_fallback = false;
    fetch("/405");
    assert_int_equal(result.head_status, 0);
    assert_requests(lines, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(head_that_is_known_is_all, begin, end),
        cmocka_unit_test_setup_teardown(head_that_is_not_known_is_followed_by_get, begin, end),
        cmocka_unit_test_setup_teardown(get_goes_where_the_redirects_have_led, begin, end),
        cmocka_unit_test_setup_teardown(other_methods_and_other_wishes_are_left_alone, begin, end),
    };
    return cmocka_run_group_tests_name("fetch_fallback", tests, NULL, NULL);
}
