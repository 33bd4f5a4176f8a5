#include "pool/transfer_error.h"

#include "unit.h"

#include <string.h>

/* A handle that was never used: all its times are 0, as while a name is looked up. */
static CURL *easy;
static struct fetch_result result;

static int begin(void **state) {
    (void)state;
    easy = curl_easy_init();
    assert_non_null(easy);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    curl_easy_cleanup(easy);
    return 0;
}

static void assert_told(const struct transfer_failure *f, enum fetch_error error) {
    result.status = 200;
    result.size_bytes = 10;
    transfer_error_tell(f, &result);
    assert_string_equal(fetch_error_name(result.error), fetch_error_name(error));
    assert_true(strlen(result.error_text) > 0);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size_bytes, 0);
}

static struct transfer_failure failure(CURLcode code) {
    static const struct transfer_request request = {
        .host = "a.example", .authority = "a.example:80", .timeout_ms = 30 * 1000, .connect_timeout_ms = 10 * 1000};
    return (struct transfer_failure){.easy = easy, .code = code, .request = &request, .text = ""};
}

TEST(codes_have_their_errors) {
    static const struct {
        CURLcode code;
        enum fetch_error error;
    } rows[] = {
        {CURLE_URL_MALFORMAT, FETCH_INVALID_URL},
        {CURLE_COULDNT_RESOLVE_HOST, FETCH_DNS},
        {CURLE_COULDNT_CONNECT, FETCH_CONNECT},
        {CURLE_SSL_CONNECT_ERROR, FETCH_TLS},
        {CURLE_SSL_CIPHER, FETCH_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, FETCH_TLS_VERIFY},
        {CURLE_SSL_ISSUER_ERROR, FETCH_TLS_VERIFY},
        {CURLE_FILESIZE_EXCEEDED, FETCH_TOO_LARGE},
        {CURLE_GOT_NOTHING, FETCH_EMPTY_REPLY},
        {CURLE_SEND_ERROR, FETCH_SEND},
        {CURLE_RECV_ERROR, FETCH_RECV},
        {CURLE_PARTIAL_FILE, FETCH_RECV},
        {CURLE_HTTP2, FETCH_HTTP2},
        {CURLE_HTTP2_STREAM, FETCH_HTTP2},
        {CURLE_BAD_CONTENT_ENCODING, FETCH_DECODE},
        {CURLE_WEIRD_SERVER_REPLY, FETCH_PROTOCOL},
        {CURLE_UNSUPPORTED_PROTOCOL, FETCH_PROTOCOL},
        {CURLE_BAD_FUNCTION_ARGUMENT, FETCH_PROTOCOL},
        {CURLE_OUT_OF_MEMORY, FETCH_INTERNAL},
        {CURLE_FAILED_INIT, FETCH_INTERNAL},
        {CURLE_WRITE_ERROR, FETCH_INTERNAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct transfer_failure f = failure(rows[i].code);
        assert_told(&f, rows[i].error);
    }
}

/* Whatever libcurl has, a result that failed says so. */
TEST(no_code_is_taken_for_success) {
    for (int code = CURLE_OK + 1; code < CURL_LAST; code++) {
        const struct transfer_failure f = failure((CURLcode)code);
        transfer_error_tell(&f, &result);
        assert_int_not_equal(result.error, FETCH_OK);
        assert_true(strlen(result.error_text) > 0);
    }
}

TEST(words_of_libcurl_are_used_where_there_are_any) {
    struct transfer_failure f = failure(CURLE_RECV_ERROR);
    f.text = "its own words";
    assert_told(&f, FETCH_RECV);
    assert_string_equal(result.error_text, "its own words");
    f.text = "";
    assert_told(&f, FETCH_RECV);
    assert_string_equal(result.error_text, curl_easy_strerror(CURLE_RECV_ERROR));
}

TEST(host_is_named) {
    struct transfer_failure f = failure(CURLE_COULDNT_RESOLVE_HOST);
    assert_told(&f, FETCH_DNS);
    assert_string_equal(result.error_text, "the host name a.example could not be resolved");
    f.code = CURLE_COULDNT_CONNECT;
    assert_told(&f, FETCH_CONNECT);
    assert_string_equal(result.error_text, "no connection to a.example:80: refused");
}

TEST(reason_of_our_own_comes_first) {
    static const struct {
        enum transfer_stop stop;
        enum fetch_error error;
        const char *text;
    } rows[] = {
        {TRANSFER_STOP_BLOCKED, FETCH_BLOCKED, "the address of this host may not be fetched"},
        {TRANSFER_STOP_TOO_LARGE, FETCH_TOO_LARGE, "the body is larger than max_size"},
        {TRANSFER_STOP_DECODE, FETCH_DECODE, "the body's content encoding is broken"},
        {TRANSFER_STOP_UNKNOWN_CODING, FETCH_DECODE, "the body has a content encoding that is not known, or too many"},
        {TRANSFER_STOP_TOO_MANY_HEADERS, FETCH_PROTOCOL, "the response has too many headers"},
        {TRANSFER_STOP_HEADERS_TOO_LARGE, FETCH_PROTOCOL, "the headers of the response are too large"},
        {TRANSFER_STOP_TOO_MANY_INTERIM, FETCH_PROTOCOL, "too many informational responses"},
        {TRANSFER_STOP_BAD_VERSION, FETCH_PROTOCOL, "the response has a version of HTTP that was not asked for"},
        {TRANSFER_STOP_NO_HTTP2, FETCH_HTTP2, "the server does not speak HTTP/2"},
        {TRANSFER_STOP_BAD_HEADER, FETCH_PROTOCOL, "the response has a header that is none"},
        {TRANSFER_STOP_BAD_LENGTH, FETCH_PROTOCOL, "the response has a length that is none, or two of them"},
        {TRANSFER_STOP_TRANSFER_CODING, FETCH_PROTOCOL, "the response has a transfer encoding that was not asked for"},
        {TRANSFER_STOP_SENT_AGAIN, FETCH_EMPTY_REPLY, "the server closed the connection without a reply"},
        {TRANSFER_STOP_NO_DESCRIPTOR, FETCH_INTERNAL, "no file descriptor is left"},
        {TRANSFER_STOP_NOMEM, FETCH_INTERNAL, "out of memory"},
    };
    static const CURLcode codes[] = {CURLE_COULDNT_CONNECT, CURLE_WRITE_ERROR, CURLE_OPERATION_TIMEDOUT};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t c = 0; c < sizeof codes / sizeof codes[0]; c++) {
            struct transfer_failure f = failure(codes[c]);
            f.stop = rows[i].stop;
            f.text = "libcurl's words";
            assert_told(&f, rows[i].error);
            assert_string_equal(result.error_text, rows[i].text);
        }
}

TEST(connection_that_was_to_speak_http2_untold_and_ends_is_http2) {
    static const CURLcode codes[] = {CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_WEIRD_SERVER_REPLY,
                                     CURLE_UNSUPPORTED_PROTOCOL};
    const struct transfer_request request = {
        .host = "a.example", .authority = "a.example:80", .http_version = FETCH_HTTP_2, .prior_knowledge = true};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct transfer_failure f = failure(codes[i]);
        f.request = &request;
        f.text = "libcurl's words";
        assert_told(&f, FETCH_HTTP2);
    }
    struct transfer_failure f = failure(CURLE_RECV_ERROR);
    f.request = &request;
    f.response_began = true;
    assert_told(&f, FETCH_RECV);
    f.response_began = false;
    f.code = CURLE_COULDNT_CONNECT;
    assert_told(&f, FETCH_CONNECT);
}

TEST(cancelled_transfer_has_the_reason_it_was_given) {
    static const enum fetch_error reasons[] = {FETCH_CANCELLED, FETCH_SHUTDOWN, FETCH_DEADLINE};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const _Atomic(enum fetch_error) cancelled = reasons[i];
        const struct transfer_request request = {
            .host = "a.example", .authority = "a.example:80", .cancelled = &cancelled};
        struct transfer_failure f = failure(CURLE_ABORTED_BY_CALLBACK);
        f.request = &request;
        f.text = "Callback aborted";
        assert_told(&f, reasons[i]);
        assert_string_equal(result.error_text, fetch_error_phrase(reasons[i]));
    }
}

TEST(slow_response_names_the_speed_that_was_asked) {
    static const struct transfer_setup setup = {.low_speed_bytes = 10, .low_speed_time_ms = 2500};
    struct transfer_failure f = failure(CURLE_ABORTED_BY_CALLBACK);
    f.setup = &setup;
    f.stop = TRANSFER_STOP_TOO_SLOW;
    assert_told(&f, FETCH_TIMEOUT);
    assert_string_equal(result.error_text,
                        "gave up after 2.5 s with less than 10 bytes per second, receiving from a.example");
}

/* ---- time that is over ---- */

static void assert_times_out(int64_t timeout_ms, int64_t connect_timeout_ms, enum fetch_error error, const char *text) {
    const struct transfer_request request = {.host = "a.example",
                                             .timeout_ms = timeout_ms,
                                             .whole_timeout_ms = timeout_ms,
                                             .connect_timeout_ms = connect_timeout_ms};
    struct transfer_failure f = failure(CURLE_OPERATION_TIMEDOUT);
    f.request = &request;
    assert_told(&f, error);
    assert_string_equal(result.error_text, text);
}

TEST(total_time_is_told_as_timeout_in_any_phase) {
    assert_times_out(2000, 10 * 1000, FETCH_TIMEOUT, "timed out after 2 s, looking up a.example");
    assert_times_out(2500, 2500, FETCH_TIMEOUT, "timed out after 2.5 s, looking up a.example");
}

TEST(connect_time_that_went_into_the_lookup_is_dns) {
    assert_times_out(30 * 1000, 10 * 1000, FETCH_DNS, "timed out after 10 s, looking up a.example");
}

TEST(deadline_is_told_as_such) {
    const struct transfer_request request = {.host = "a.example",
                                             .authority = "a.example:80",
                                             .timeout_ms = 5,
                                             .timeout_is_deadline = true,
                                             .connect_timeout_ms = 10 * 1000};
    struct transfer_failure f = failure(CURLE_OPERATION_TIMEDOUT);
    f.request = &request;
    assert_told(&f, FETCH_DEADLINE);
    assert_string_equal(result.error_text, fetch_error_phrase(FETCH_DEADLINE));
}

TEST(long_time_is_readable) {
    assert_times_out(600 * 1000, 600 * 1000, FETCH_TIMEOUT, "timed out after 600 s, looking up a.example");
    assert_times_out(3600 * 1000, 3600 * 1000, FETCH_TIMEOUT, "timed out after 3600 s, looking up a.example");
    assert_times_out(86399500, 86400000, FETCH_TIMEOUT, "timed out after 86399.5 s, looking up a.example");
}

#define ERROR_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ERROR_TEST(codes_have_their_errors),
        ERROR_TEST(no_code_is_taken_for_success),
        ERROR_TEST(words_of_libcurl_are_used_where_there_are_any),
        ERROR_TEST(host_is_named),
        ERROR_TEST(reason_of_our_own_comes_first),
        ERROR_TEST(connection_that_was_to_speak_http2_untold_and_ends_is_http2),
        ERROR_TEST(cancelled_transfer_has_the_reason_it_was_given),
        ERROR_TEST(slow_response_names_the_speed_that_was_asked),
        ERROR_TEST(total_time_is_told_as_timeout_in_any_phase),
        ERROR_TEST(connect_time_that_went_into_the_lookup_is_dns),
        ERROR_TEST(deadline_is_told_as_such),
        ERROR_TEST(long_time_is_readable),
    };
    return cmocka_run_group_tests_name("transfer_error", tests, NULL, NULL);
}
