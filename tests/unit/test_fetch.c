#include "pool/fetch.h"

#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <stdio.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define GZIP                                                                                                           \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01\xe3\x51\x3d\x8d\x17\x00\x00\x00"
#define GZIP_TEXT "hello hello hello hello"
#define GZIP_HEAD OK "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n"

static char big_body[1536 * 1024]; /* libcurl asks from 1 MiB on */

static const struct unit_route routes[] = {
    {.path = "/", .answer = OK "Content-Length: 5\r\n\r\nhello"},
    {.path = "/204", .answer = "HTTP/1.1 204 No Content\r\n\r\n"},
    {.path = "/500", .answer = "HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad"},
    {.path = "/304", .answer = "HTTP/1.1 304 Not Modified\r\nLocation: /\r\n\r\n"},
    {.path = "/head", .answer = OK "Content-Length: 100000000000\r\n\r\n"},
    {.path = "/headers", .answer = OK "X-One:  a b \r\nx-TWO:\r\nX-Colon: a:b\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/early",
     .answer = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" OK "X-Late: 1\r\nContent-Length: 2\r\n\r\nok"},
    {.path = "/chunked",
     .answer = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: 1\r\n\r\n"},
    {.path = "/until-close", .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .then = UNIT_THEN_CLOSE},
    {.path = "/gzip", .answer = GZIP_HEAD GZIP, .answer_bytes = sizeof(GZIP_HEAD GZIP) - 1},
    {.path = "/gone", .answer = OK "Content-Length: 4\r\n\r\nlast", .fresh = true},
    {.path = "/cut", .answer = OK "Content-Length: 100\r\n\r\nhello", .then = UNIT_THEN_CLOSE},
    {0},
};

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct fetch_options options;
static struct fetch_result result;

static int begin_all(void **state) {
    (void)state;
    memset(big_body, 'b', sizeof big_body);
    unit_fetcher_create(&fetcher);
    return 0;
}

static int end_all(void **state) {
    (void)state;
    unit_fetcher_destroy(&fetcher);
    return 0;
}

static int begin(void **state) {
    (void)state;
    unit_origin_start(&origin, routes);
    options = unit_fetcher_options(&fetcher);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&origin);
    return 0;
}

static void fetch(const char *path) {
    unit_fetcher_fetch(&fetcher, unit_origin_url(&origin, path), &options, &result);
}

static void assert_body(const char *text) {
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 200);
    assert_int_equal(result.size_bytes, strlen(text));
    assert_int_equal(result.body.len, strlen(text));
    if (*text)
        assert_memory_equal(result.body.data, text, strlen(text));
}

static const char *request(size_t index) {
    return unit_origin_request(&origin, index);
}

/* ---- responses ---- */

TEST(response_has_status_body_and_size) {
    fetch("/");
    assert_body("hello");
    assert_true(result.elapsed_us > 0);
    assert_int_equal(result.timings.total_us, result.elapsed_us);
    assert_int_equal(result.redirect_count, 0);
    assert_null(result.final_url);
    fetch("/204");
    assert_int_equal(result.status, 204);
    assert_int_equal(result.size_bytes, 0);
}

TEST(error_status_is_a_response) {
    fetch("/500");
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 500);
    assert_int_equal(result.size_bytes, 3);
    fetch("/none");
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 404);
}

TEST(status_304_leads_nowhere) {
    fetch("/304");
    assert_int_equal(result.status, 304);
    assert_int_equal(unit_origin_requests(&origin), 1);
}

TEST(headers_have_lower_case_names_and_trimmed_values) {
    fetch("/headers");
    assert_string_equal(unit_fetcher_header(&result, "x-one"), "a b");
    assert_string_equal(unit_fetcher_header(&result, "x-two"), "");
    assert_string_equal(unit_fetcher_header(&result, "x-colon"), "a:b");
}

TEST(headers_are_those_of_the_last_response) {
    fetch("/early");
    assert_body("ok");
    assert_null(unit_fetcher_header(&result, "x-early"));
    assert_string_equal(unit_fetcher_header(&result, "x-late"), "1");
}

TEST(trailers_are_no_headers) {
    fetch("/chunked");
    assert_body("hello");
    assert_null(unit_fetcher_header(&result, "x-trailer"));
}

TEST(body_may_end_with_the_connection) {
    fetch("/until-close");
    assert_body("hello");
    assert_string_equal(result.connection.http_version, "1.0");
}

TEST(body_and_headers_are_kept_only_if_wanted) {
    options.include = 0;
    fetch("/");
    assert_int_equal(result.size_bytes, 5);
    assert_int_equal(result.body.len, 0);
    assert_int_equal(result.headers.len, 0);
}

TEST(body_is_decoded_unless_told_otherwise) {
    fetch("/gzip");
    assert_body(GZIP_TEXT);
    assert_non_null(strstr(request(0), "\r\nAccept-Encoding: "));
    options.decompress = false;
    fetch("/gzip");
    assert_int_equal(result.size_bytes, sizeof GZIP - 1);
    assert_memory_equal(result.body.data, GZIP, sizeof GZIP - 1);
    assert_null(strstr(request(1), "Accept-Encoding"));
}

TEST(used_result_is_filled_anew) {
    fetch("/cut");
    assert_int_equal(result.error, FETCH_RECV);
    fetch("/");
    assert_body("hello");
    assert_string_equal(result.error_text, "");
    fetch("/204");
    assert_int_equal(result.body.len, 0);
}

/* ---- requests ---- */

TEST(each_method_is_sent_as_it_is) {
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "GET"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        options.method = methods[i];
        fetch("/");
        assert_body("hello");
        assert_memory_equal(request(i), methods[i], strlen(methods[i]));
        bool has_length = strstr(request(i), "\r\nContent-Length: 0\r\n") != NULL;
        assert_int_equal(has_length, methods[i][0] == 'P');
    }
}

TEST(head_waits_for_no_body) {
    options.method = "OPTIONS";
    fetch("/");
    options.method = "HEAD";
    options.body = "is not sent";
    options.body_bytes = strlen(options.body);
    fetch("/head");
    assert_body("");
    assert_memory_equal(request(1), "HEAD /head ", 11);
    assert_null(strstr(request(1), "is not sent"));
    options.method = "GET";
    options.body = NULL;
    fetch("/");
    assert_body("hello");
}

TEST(body_is_sent_byte_for_byte) {
    options.method = "DELETE";
    options.body = "a\r\nb";
    options.body_bytes = 4;
    fetch("/");
    assert_body("hello");
    assert_non_null(strstr(request(0), "\r\nContent-Length: 4\r\n"));
    assert_string_equal(strstr(request(0), "\r\n\r\n"), "\r\n\r\na\r\nb");
    assert_null(strstr(request(0), "Content-Type"));
}

TEST(large_body_is_sent_without_asking_first) {
    options.method = "PUT";
    options.body = big_body;
    options.body_bytes = sizeof big_body;
    fetch("/");
    assert_body("hello");
    assert_null(strstr(request(0), "Expect"));
}

TEST(headers_of_the_caller_are_sent) {
    static const char *const headers[] = {
        "X-One: 1", "X-One: 2", "X-Empty:", "X-Blank: ", "User-Agent: mine/2", "Accept: a/b", "Content-Type: x/y"};
    options.headers = headers;
    options.header_count = sizeof headers / sizeof headers[0];
    options.method = "POST";
    fetch("/");
    static const char *const sent[] = {
        "\r\nX-One: 1\r\n",    "\r\nX-One: 2\r\n",         "\r\nX-Empty:", "\r\nX-Blank:", "\r\nUser-Agent: mine/2\r\n",
        "\r\nAccept: a/b\r\n", "\r\nContent-Type: x/y\r\n"};
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++)
        assert_non_null(strstr(request(0), sent[i]));
    assert_null(strstr(request(0), "unit/1"));
    assert_null(strstr(request(0), "*/*"));
}

TEST(headers_of_one_fetch_are_not_those_of_the_next) {
    static const char *const headers[] = {"Authorization: secret"};
    options.headers = headers;
    options.header_count = 1;
    fetch("/");
    assert_non_null(strstr(request(0), "secret"));
    options.header_count = 0;
    fetch("/");
    assert_true(result.connection.reused);
    assert_null(strstr(request(1), "secret"));
    assert_non_null(strstr(request(1), "\r\nUser-Agent: unit/1\r\n"));
}

/* ---- connections ---- */

TEST(connection_is_used_again) {
    fetch("/");
    assert_false(result.connection.reused);
    assert_string_equal(result.connection.remote_ip, "127.0.0.1");
    assert_int_equal(result.connection.remote_port, origin.port);
    assert_string_equal(result.connection.http_version, "1.1");
    assert_true(result.timings.connect_us > 0);
    fetch("/");
    assert_true(result.connection.reused);
    assert_int_equal(result.timings.connect_us, 0);
    assert_int_equal(unit_origin_connections(&origin), 1);
}

TEST(connection_that_died_is_replaced) {
    enum { ROUNDS = 20 };
    for (size_t i = 0; i < ROUNDS; i++) {
        fetch("/gone");
        assert_string_equal(result.error_text, "");
        assert_body("last");
        assert_int_equal(unit_origin_connections(&origin), i + 1);
    }
}

/* ---- memory ---- */

static void fetch_once(void) {
    static const char *const headers[] = {"X-Empty:"};
    options.headers = headers;
    options.header_count = 1;
    fetch("/headers");
    if (unit_failed_allocations() == 0)
        assert_body("");
    if (result.error) {
        assert_int_equal(result.error, FETCH_INTERNAL);
        assert_string_equal(result.error_text, err_text(ERR_NOMEM));
    }
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(fetch_once);
}

static void create_fetcher(void) {
    char error[FETCHER_ERROR_BYTES] = "";
    struct fetcher *f = NULL;
    enum err err = fetcher_create(fetcher.settings, fetcher.timers, &f, error);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    if (err)
        assert_string_equal(error, err_text(ERR_NOMEM));
    assert_int_equal(f == NULL, err != ERR_NONE);
    fetcher_destroy(f);
}

TEST(fetcher_without_memory_is_not_created) {
    unit_fail_each_allocation(create_fetcher);
}

/* ---- settings ---- */

static void assert_not_created(struct settings settings, enum err expected, const char *part) {
    char error[FETCHER_ERROR_BYTES] = "";
    struct fetcher *f = NULL;
    assert_int_equal(fetcher_create(&settings, fetcher.timers, &f, error), expected);
    assert_null(f);
    assert_non_null(strstr(error, part));
}

TEST(wrong_setting_is_named) {
    char missing[] = "/nonexistent/ca.pem", prefix[] = "10.0.0.0/33";
    char *prefixes[] = {prefix};
    struct settings settings = *fetcher.settings;
    settings.fetch.ca_file = missing;
    assert_not_created(settings, ERR_IO, "fetch.ca_file: /nonexistent/ca.pem");
    settings = *fetcher.settings;
    settings.guard.deny = (struct settings_list){.items = prefixes, .count = 1};
    assert_not_created(settings, ERR_INVALID, "'10.0.0.0/33'");
}

TEST(fetcher_knows_whether_it_trusts_anyone) {
    assert_true(fetcher_has_certs(fetcher.fetcher));
}

TEST(defaults_are_those_of_the_settings) {
    struct fetch_options defaults = fetch_default_options(fetcher.settings);
    assert_string_equal(defaults.method, "GET");
    assert_int_equal(defaults.timeout_ms, fetcher.settings->fetch.timeout_ms);
    assert_int_equal(defaults.connect_timeout_ms, fetcher.settings->fetch.connect_timeout_ms);
    assert_int_equal(defaults.max_size_bytes, fetcher.settings->fetch.max_size_bytes);
    assert_int_equal(defaults.max_redirects, fetcher.settings->fetch.max_redirects);
    assert_true(defaults.follow_redirects);
    assert_true(defaults.decompress);
    assert_null(defaults.body);
    assert_int_equal(defaults.header_count, 0);
    assert_int_equal(defaults.include, 0);
}

#define FETCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        FETCH_TEST(response_has_status_body_and_size),
        FETCH_TEST(error_status_is_a_response),
        FETCH_TEST(status_304_leads_nowhere),
        FETCH_TEST(headers_have_lower_case_names_and_trimmed_values),
        FETCH_TEST(headers_are_those_of_the_last_response),
        FETCH_TEST(trailers_are_no_headers),
        FETCH_TEST(body_may_end_with_the_connection),
        FETCH_TEST(body_and_headers_are_kept_only_if_wanted),
        FETCH_TEST(body_is_decoded_unless_told_otherwise),
        FETCH_TEST(used_result_is_filled_anew),
        FETCH_TEST(each_method_is_sent_as_it_is),
        FETCH_TEST(head_waits_for_no_body),
        FETCH_TEST(body_is_sent_byte_for_byte),
        FETCH_TEST(large_body_is_sent_without_asking_first),
        FETCH_TEST(headers_of_the_caller_are_sent),
        FETCH_TEST(headers_of_one_fetch_are_not_those_of_the_next),
        FETCH_TEST(connection_is_used_again),
        FETCH_TEST(connection_that_died_is_replaced),
        FETCH_TEST(memory_that_runs_out_is_told),
        FETCH_TEST(fetcher_without_memory_is_not_created),
        FETCH_TEST(wrong_setting_is_named),
        FETCH_TEST(fetcher_knows_whether_it_trusts_anyone),
        FETCH_TEST(defaults_are_those_of_the_settings),
    };
    return cmocka_run_group_tests_name("fetch", tests, begin_all, end_all);
}
