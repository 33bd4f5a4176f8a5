#include "pool/fetch.h"

#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <stdio.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"
#define REDIRECT(status, location) "HTTP/1.1 " #status " Away\r\nContent-Length: 0\r\nLocation: " location "\r\n\r\n"

enum { SMALL_BYTES = 60 * 1024, LARGE_BYTES = 200 * 1024, SHORT_MS = 15 };

/* Where their answers lead is known once the ports are. */
static char away[256], and_back[256], to_refused[256];
static char small_body[256 + SMALL_BYTES], large_body[256 + LARGE_BYTES];

static const struct unit_route routes[] = {
    {.path = "/end", .answer = OK},
    {.path = "/301", .answer = REDIRECT(301, "/end")},
    {.path = "/302", .answer = REDIRECT(302, "/end")},
    {.path = "/303", .answer = REDIRECT(303, "/end")},
    {.path = "/307", .answer = REDIRECT(307, "/end")},
    {.path = "/308", .answer = REDIRECT(308, "/end")},
    {.path = "/300", .answer = REDIRECT(300, "/end")},
    {.path = "/201", .answer = REDIRECT(201, "/end")},
    {.path = "/303-for-head", .answer = REDIRECT(303, "/end-of-head")},
    {.path = "/end-of-head", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"},
    {.path = "/a/relative", .answer = REDIRECT(302, "../end?q=1#part")},
    {.path = "/two", .answer = REDIRECT(301, "/302")},
    {.path = "/loop", .answer = REDIRECT(302, "/loop")},
    {.path = "/nowhere", .answer = "HTTP/1.1 302 Away\r\nContent-Length: 4\r\n\r\nlost"},
    {.path = "/mail", .answer = REDIRECT(302, "mailto:a@b.example")},
    {.path = "/no-url", .answer = REDIRECT(302, "http://[bad/")},
    {.path = "/user", .answer = REDIRECT(302, "http://user:secret@127.0.0.1/")},
    {.path = "/refused", .answer = to_refused},
    {.path = "/away", .answer = away},
    {.path = "/small", .answer = small_body},
    {.path = "/large", .answer = large_body},
    {.path = "/to-silent", .answer = REDIRECT(302, "/silent")},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {.path = "/to-cut", .answer = REDIRECT(302, "/cut")},
    {.path = "/cut", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", .then = UNIT_THEN_CLOSE},
    {0},
};

static const struct unit_route other_routes[] = {
    {.path = "/end", .answer = OK},
    {.path = "/there", .answer = REDIRECT(307, "/back")},
    {.path = "/back", .answer = and_back},
    {0},
};

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct unit_origin other;
static struct fetch_options options;
static struct fetch_result result;

static int begin_all(void **state) {
    (void)state;
    unit_fetcher_create(&fetcher);
    return 0;
}

static int end_all(void **state) {
    (void)state;
    unit_fetcher_destroy(&fetcher);
    return 0;
}

static void fill_redirect(char *answer, size_t room, const char *host, int port, const char *path) {
    (void)snprintf(answer, room, "HTTP/1.1 307 Away\r\nContent-Length: 0\r\nLocation: http://%s:%d%s\r\n\r\n", host,
                   port, path);
}

static void fill_body(char *answer, size_t body_bytes) {
    int head = snprintf(answer, 256, "HTTP/1.1 302 Away\r\nLocation: /end\r\nContent-Length: %zu\r\n\r\n", body_bytes);
    memset(answer + head, 'x', body_bytes);
}

static int begin(void **state) {
    (void)state;
    unit_origin_start(&origin, routes);
    unit_origin_start(&other, other_routes);
    fill_redirect(away, sizeof away, "127.0.0.1", other.port, "/there");
    fill_redirect(and_back, sizeof and_back, "127.0.0.1", origin.port, "/307");
    fill_redirect(to_refused, sizeof to_refused, "127.0.0.2", origin.port, "/end");
    fill_body(small_body, SMALL_BYTES);
    fill_body(large_body, LARGE_BYTES);
    options = unit_fetcher_options(&fetcher);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&other);
    unit_origin_stop(&origin);
    return 0;
}

static void fetch(const char *path) {
    unit_fetcher_fetch(&fetcher, unit_origin_url(&origin, path), &options, &result);
}

static void assert_ends_at(const char *url, size_t redirects) {
    assert_string_equal(result.error_text, "");
    assert_int_equal(result.status, 200);
    assert_int_equal(result.size_bytes, 3);
    assert_int_equal(result.body.len, 3);
    assert_memory_equal(result.body.data, "end", 3);
    assert_int_equal(result.redirect_count, redirects);
    assert_string_equal(result.final_url, url);
}

static void assert_ends(size_t redirects) {
    assert_ends_at(unit_origin_url(&origin, "/end"), redirects);
}

static void assert_fails(const char *path, enum fetch_error error) {
    fetch(path);
    assert_string_equal(fetch_error_name(result.error), fetch_error_name(error));
    assert_true(strlen(result.error_text) > 0);
    assert_int_equal(result.status, 0);
}

/* ---- which, and where to ---- */

TEST(five_statuses_are_followed) {
    static const char *const paths[] = {"/301", "/302", "/303", "/307", "/308"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        fetch(paths[i]);
        assert_ends(1);
        assert_string_equal(result.redirects[0].url, unit_origin_url(&origin, paths[i]));
        assert_string_equal(result.redirects[0].location, "/end");
        assert_int_equal(result.redirects[0].status, 301 + (i > 2 ? i + 3 : i));
    }
    assert_int_equal(unit_origin_connections(&origin), 1);
}

TEST(other_statuses_with_a_location_are_responses) {
    fetch("/300");
    assert_int_equal(result.status, 300);
    fetch("/201");
    assert_int_equal(result.status, 201);
    assert_int_equal(result.redirect_count, 0);
    assert_int_equal(unit_origin_requests(&origin), 2);
}

TEST(redirect_without_a_location_is_a_response) {
    fetch("/nowhere");
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 302);
    assert_int_equal(result.body.len, 4);
}

TEST(redirect_is_a_response_if_none_are_to_be_followed) {
    options.follow_redirects = false;
    fetch("/302");
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 302);
    assert_int_equal(result.redirect_count, 0);
    assert_null(result.final_url);
    assert_string_equal(unit_fetcher_header(&result, "location"), "/end");
    assert_int_equal(unit_origin_requests(&origin), 1);
    fetch("/large");
    assert_int_equal(result.size_bytes, LARGE_BYTES);
}

TEST(location_may_be_relative) {
    fetch("/a/relative");
    assert_ends_at(unit_origin_url(&origin, "/end?q=1#part"), 1);
    assert_memory_equal(unit_origin_request(&origin, 1), "GET /end?q=1 HTTP/1.1\r\n", 23);
}

TEST(way_is_told_hop_by_hop) {
    fetch("/two");
    assert_ends(2);
    assert_string_equal(result.redirects[0].url, unit_origin_url(&origin, "/two"));
    assert_int_equal(result.redirects[0].status, 301);
    assert_string_equal(result.redirects[1].url, unit_origin_url(&origin, "/302"));
    assert_int_equal(result.redirects[1].status, 302);
    assert_string_equal(result.redirects[1].location, "/end");
    assert_null(unit_fetcher_header(&result, "location")); /* headers are those of the last hop */
    assert_true(result.timings.redirect_us > 0);
    assert_true(result.timings.redirect_us <= result.timings.total_us);
}

/* ---- limits ---- */

TEST(redirects_are_counted) {
    options.max_redirects = 2;
    fetch("/two");
    assert_ends(2);
    options.max_redirects = 1;
    assert_fails("/two", FETCH_TOO_MANY_REDIRECTS);
    assert_int_equal(result.redirect_count, 1);
    assert_non_null(strstr(result.error_text, "more than 1 "));
    options.max_redirects = 0;
    assert_fails("/302", FETCH_TOO_MANY_REDIRECTS);
    assert_int_equal(result.redirect_count, 0);
    options.max_redirects = 10;
    assert_fails("/loop", FETCH_TOO_MANY_REDIRECTS);
    assert_int_equal(result.redirect_count, 10);
}

TEST(timeout_is_for_all_hops) {
    options.timeout_ms = SHORT_MS;
    assert_fails("/to-silent", FETCH_TIMEOUT);
    assert_true(result.elapsed_us >= (SHORT_MS - 1) * 1000);
}

TEST(failure_after_a_redirect_tells_the_way) {
    assert_fails("/to-cut", FETCH_RECV);
    assert_int_equal(result.redirect_count, 1);
    assert_string_equal(result.final_url, unit_origin_url(&origin, "/cut"));
}

/* ---- where it may not lead ---- */

TEST(location_of_another_kind_is_not_followed) {
    assert_fails("/mail", FETCH_UNSUPPORTED_SCHEME);
    assert_fails("/no-url", FETCH_INVALID_URL);
    assert_fails("/user", FETCH_INVALID_URL);
    assert_int_equal(unit_origin_requests(&origin), 3);
}

TEST(guard_looks_at_each_hop) {
    assert_fails("/refused", FETCH_BLOCKED);
    assert_int_equal(result.redirect_count, 1);
    assert_int_equal(unit_origin_requests(&origin), 1);
}

/* ---- the body of a redirect ---- */

TEST(small_body_is_dropped_and_the_connection_kept) {
    options.max_size_bytes = 3;
    fetch("/small");
    assert_ends(1);
    assert_true(result.connection.reused);
    assert_int_equal(unit_origin_connections(&origin), 1);
}

TEST(large_body_is_not_waited_for) {
    options.max_size_bytes = 3;
    fetch("/large");
    assert_ends(1);
    assert_int_equal(unit_origin_connections(&origin), 2);
}

/* ---- method and body ---- */

static const char *const body_headers[] = {"Content-Type: x/y", "Content-Language: la", "X-Kept: 1"};

static void send_body(const char *method) {
    options.method = method;
    options.body = "some text";
    options.body_bytes = strlen(options.body);
    options.headers = body_headers;
    options.header_count = 3;
}

/* Of the last request. */
static void assert_last(const char *method, bool has_body) {
    const char *request = unit_origin_request(&origin, unit_origin_requests(&origin) - 1);
    assert_memory_equal(request, method, strlen(method));
    assert_int_equal(strstr(request, "some text") != NULL, has_body);
    assert_int_equal(strstr(request, "Content-Length: 9\r\n") != NULL, has_body);
    assert_int_equal(strstr(request, "Content-Type: x/y\r\n") != NULL, has_body);
    assert_int_equal(strstr(request, "Content-Language: la\r\n") != NULL, has_body);
    assert_non_null(strstr(request, "X-Kept: 1\r\n"));
}

TEST(post_becomes_get_as_everybody_does_it) {
    send_body("POST");
    fetch("/301");
    assert_last("GET /end ", false);
    fetch("/302");
    assert_last("GET /end ", false);
    fetch("/303");
    assert_last("GET /end ", false);
    fetch("/307");
    assert_last("POST /end ", true);
    fetch("/308");
    assert_last("POST /end ", true);
}

TEST(other_methods_stay_but_for_303) {
    static const char *const methods[] = {"PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, "%s /end ", methods[i]);
        send_body(methods[i]);
        fetch("/301");
        assert_last(line, true);
        fetch("/302");
        assert_last(line, true);
        fetch("/307");
        assert_last(line, true);
        fetch("/303");
        assert_last("GET /end ", false);
    }
}

TEST(head_stays_head) {
    options.method = "HEAD";
    fetch("/303-for-head");
    assert_int_equal(result.status, 200);
    assert_int_equal(result.redirect_count, 1);
    assert_memory_equal(unit_origin_request(&origin, 1), "HEAD /end-of-head ", 18);
}

TEST(body_that_was_left_stays_left) {
    send_body("POST");
    fetch("/two");
    assert_last("GET /end ", false);
    assert_int_equal(result.redirect_count, 2);
}

/* ---- headers of the caller ---- */

static const char *const secrets[] = {"Authorization: secret", "Cookie: secret", "X-Token: secret"};

TEST(headers_stay_with_their_origin) {
    options.headers = secrets;
    options.header_count = 3;
    fetch("/302");
    assert_ends(1);
    assert_non_null(strstr(unit_origin_request(&origin, 1), "Authorization: secret\r\nCookie: secret\r\nX-Token: "));
}

TEST(headers_do_not_go_to_another_origin_nor_come_back) {
    options.headers = secrets;
    options.header_count = 3;
    fetch("/away");
    assert_ends(4);
    assert_non_null(strstr(unit_origin_request(&origin, 0), "secret"));
    for (size_t i = 0; i < 2; i++) {
        assert_null(strstr(unit_origin_request(&other, i), "secret"));
        assert_null(strstr(unit_origin_request(&origin, i + 1), "secret"));
    }
}

TEST(body_goes_along_without_its_headers_to_another_origin) {
    send_body("PUT");
    fetch("/away");
    const char *request = unit_origin_request(&other, 0);
    assert_memory_equal(request, "PUT /there ", 11);
    assert_non_null(strstr(request, "\r\n\r\nsome text"));
    assert_null(strstr(request, "Content-Type"));
    assert_null(strstr(request, "X-Kept"));
}

/* ---- memory ---- */

static void fetch_two(void) {
    fetch("/two");
    if (unit_failed_allocations() == 0)
        assert_ends(2);
    if (result.error) {
        assert_int_equal(result.error, FETCH_INTERNAL);
        assert_string_equal(result.error_text, err_text(ERR_NOMEM));
    }
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(fetch_two);
}

#define REDIRECT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        REDIRECT_TEST(five_statuses_are_followed),
        REDIRECT_TEST(other_statuses_with_a_location_are_responses),
        REDIRECT_TEST(redirect_without_a_location_is_a_response),
        REDIRECT_TEST(redirect_is_a_response_if_none_are_to_be_followed),
        REDIRECT_TEST(location_may_be_relative),
        REDIRECT_TEST(way_is_told_hop_by_hop),
        REDIRECT_TEST(redirects_are_counted),
        REDIRECT_TEST(timeout_is_for_all_hops),
        REDIRECT_TEST(failure_after_a_redirect_tells_the_way),
        REDIRECT_TEST(location_of_another_kind_is_not_followed),
        REDIRECT_TEST(guard_looks_at_each_hop),
        REDIRECT_TEST(small_body_is_dropped_and_the_connection_kept),
        REDIRECT_TEST(large_body_is_not_waited_for),
        REDIRECT_TEST(post_becomes_get_as_everybody_does_it),
        REDIRECT_TEST(other_methods_stay_but_for_303),
        REDIRECT_TEST(head_stays_head),
        REDIRECT_TEST(body_that_was_left_stays_left),
        REDIRECT_TEST(headers_stay_with_their_origin),
        REDIRECT_TEST(headers_do_not_go_to_another_origin_nor_come_back),
        REDIRECT_TEST(body_goes_along_without_its_headers_to_another_origin),
        REDIRECT_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("fetch_redirects", tests, begin_all, end_all);
}
