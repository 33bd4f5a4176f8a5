#include "pool/response.h"

#include "base/clock.h"
#include "unit.h"
#include "unit_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIZE = 1000, SPARE = 64 * 1024 };

/* A handle that was never used: its status is 0. */
static CURL *easy;
static struct transfer_setup setup;
static struct transfer_request request;
static struct fetch_result result;
static struct response response;

static int begin(void **state) {
    (void)state;
    easy = curl_easy_init();
    assert_non_null(easy);
    fetch_result_init(&result);
    setup = (struct transfer_setup){.max_header_bytes = 4096};
    request = (struct transfer_request){
        .max_size_bytes = MAX_SIZE, .decompress = true, .include = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY};
    response = (struct response){.easy = easy, .setup = &setup, .request = &request, .result = &result};
    return 0;
}

static int end(void **state) {
    (void)state;
    response_fini(&response);
    fetch_result_fini(&result);
    curl_easy_cleanup(easy);
    return 0;
}

/* Hands the lines on as libcurl does, each with its end, until one is refused. */
static enum transfer_stop take_head(const char *lines) {
    for (const char *line = lines; *line && !response.stop;) {
        size_t n = strcspn(line, "\n") + 1;
        char *copy = strndup(line, n);
        size_t taken = response_on_header(copy, 1, n, &response);
        assert_int_equal(taken, response.stop ? 0 : n);
        free(copy);
        line += n;
    }
    return response.stop;
}

static enum transfer_stop take_body(const char *bytes, size_t n) {
    char *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    size_t taken = response_on_body(copy, 1, n, &response);
    assert_int_equal(taken, response.stop ? 0 : n);
    free(copy);
    return response.stop;
}

#define STATUS "HTTP/1.1 200 OK\r\n"

/* ---- heads ---- */

TEST(odd_heads_are_judged) {
    static const struct {
        const char *lines;
        enum transfer_stop stop;
    } rows[] = {
        {STATUS "\r\n", TRANSFER_STOP_NONE},
        {STATUS "A: b\r\nC:d\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "A:\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "HTTP/1.1 200: not a status line\r\n\r\n", TRANSFER_STOP_NONE},
        {"HTTP/1.0 200 OK\r\n\r\n", TRANSFER_STOP_NONE},
        {"HTTP/2 200 OK\r\n\r\n", TRANSFER_STOP_BAD_VERSION},
        {"HTTP/2.0 200 OK\r\n\r\n", TRANSFER_STOP_BAD_VERSION},
        {"HTTP/1\r\n\r\n", TRANSFER_STOP_BAD_VERSION},
        {STATUS "A : b\r\n\r\n", TRANSFER_STOP_BAD_HEADER},
        {STATUS "A\t: b\r\n\r\n", TRANSFER_STOP_BAD_HEADER},
        {STATUS ": b\r\n\r\n", TRANSFER_STOP_BAD_HEADER},
        {STATUS "b\r\n\r\n", TRANSFER_STOP_BAD_HEADER},
        {STATUS "A: b\r\n c\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Content-Length: 5\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length: 5, 5\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length:\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length: +5\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length: -5\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length: 0x5\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Content-Length: 999999999999999999\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Content-Length: 1000000000000000000\r\n\r\n", TRANSFER_STOP_BAD_LENGTH},
        {STATUS "Transfer-Encoding: chunked\r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Transfer-Encoding: CHUNKED \r\n\r\n", TRANSFER_STOP_NONE},
        {STATUS "Transfer-Encoding: gzip, chunked\r\n\r\n", TRANSFER_STOP_TRANSFER_CODING},
        {STATUS "Transfer-Encoding: gzip\r\n\r\n", TRANSFER_STOP_TRANSFER_CODING},
        {STATUS "Transfer-Encoding: \r\n chunked\r\n\r\n", TRANSFER_STOP_TRANSFER_CODING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(take_head(rows[i].lines), rows[i].stop);
        assert_int_equal(response_end(&response), rows[i].stop ? CURLE_RECV_ERROR : CURLE_OK);
        (void)end(NULL);
        (void)begin(NULL);
    }
}

TEST(head_that_breaks_off_is_no_response) {
    assert_int_equal(response_end(&response), CURLE_RECV_ERROR);
    assert_int_equal(take_head(STATUS "A: b\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(response_end(&response), CURLE_RECV_ERROR);
    assert_int_equal(take_head("\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(response_end(&response), CURLE_OK);
}

/* The limit counts all that comes: lines of any kind, and trailers. */
TEST(head_has_its_limit) {
    char line[64];
    int written = snprintf(line, sizeof line, "A: %s\r\n", "b");
    size_t lines = ((size_t)setup.max_header_bytes - strlen(STATUS "\r\n")) / (size_t)written;
    assert_int_equal(take_head(STATUS), TRANSFER_STOP_NONE);
    for (size_t i = 0; i < lines; i++)
        assert_int_equal(take_head(line), TRANSFER_STOP_NONE);
    assert_int_equal(take_head("\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(take_head("T: 1\r\n"), TRANSFER_STOP_HEADERS_TOO_LARGE);
}

TEST(headers_and_trailers_are_counted) {
    setup.max_header_bytes = 100 * 1024;
    assert_int_equal(take_head(STATUS), TRANSFER_STOP_NONE);
    for (int i = 0; i < 600; i++)
        assert_int_equal(take_head("A: b\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(take_head("\r\n"), TRANSFER_STOP_NONE);
    for (int i = 0; i < 400; i++)
        assert_int_equal(take_head("T: 1\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(result.headers.len, 600 * sizeof "a" * 2);
    assert_int_equal(take_head("T: 1\r\n"), TRANSFER_STOP_TOO_MANY_HEADERS);
}

/* As if it began anew: a trailer that looks like a status line changes nothing. */
TEST(trailers_are_not_headers) {
    assert_int_equal(take_head(STATUS "A: b\r\n\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(take_head("HTTP/1.1 200 OK\r\nLocation: /x\r\nContent-Length: 7\r\n\r\n"), TRANSFER_STOP_NONE);
    assert_null(response.location);
    assert_int_equal(result.headers.len, sizeof "a" + sizeof "b");
    assert_int_equal(response_end(&response), CURLE_OK);
}

/* ---- bodies ---- */

TEST(body_is_kept_up_to_its_last_byte) {
    static const char bytes[MAX_SIZE + 1];
    assert_int_equal(take_head(STATUS "\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(take_body(bytes, MAX_SIZE - 1), TRANSFER_STOP_NONE);
    assert_int_equal(take_body(bytes, 1), TRANSFER_STOP_NONE);
    assert_int_equal(result.size_bytes, MAX_SIZE);
    assert_int_equal(take_body(bytes, 1), TRANSFER_STOP_TOO_LARGE);
    assert_int_equal(result.body.len, MAX_SIZE);
    assert_int_equal(result.size_bytes, MAX_SIZE);
}

static enum transfer_stop take_packed(const char *coding, enum unit_pack how, const char *bytes, size_t n) {
    char head[128];
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    unit_pack(how, bytes, n, &packed);
    (void)snprintf(head, sizeof head, STATUS "Content-Encoding: %s\r\n\r\n", coding);
    assert_int_equal(take_head(head), TRANSFER_STOP_NONE);
    enum transfer_stop stop = take_body(packed.data, packed.len);
    buf_fini(&packed);
    return stop;
}

TEST(decoded_body_is_never_longer_than_allowed) {
    static const char bytes[MAX_SIZE + 1];
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++)
        for (size_t more = 0; more <= 1; more++) {
            enum transfer_stop stop = take_packed(unit_pack_name(how), how, bytes, MAX_SIZE + more);
            assert_int_equal(stop, more ? TRANSFER_STOP_TOO_LARGE : TRANSFER_STOP_NONE);
            assert_true(result.size_bytes <= MAX_SIZE && result.body.len <= MAX_SIZE);
            assert_true(more || response_end(&response) == CURLE_OK);
            (void)end(NULL);
            (void)begin(NULL);
        }
}

TEST(encoded_body_may_be_raw_when_asked_for) {
    request.decompress = false;
    assert_int_equal(take_packed("gzip", UNIT_PACK_GZIP, "hello", 5), TRANSFER_STOP_NONE);
    assert_memory_equal(result.body.data, "\x1f\x8b", 2);
    assert_int_equal(response_end(&response), CURLE_OK);
}

TEST(body_of_unknown_coding_is_not_taken) {
    assert_int_equal(take_packed("compress", UNIT_PACK_GZIP, "hello", 5), TRANSFER_STOP_UNKNOWN_CODING);
}

TEST(coding_on_a_folded_line_is_not_overlooked) {
    assert_int_equal(take_head(STATUS "Content-Encoding: gzip,\r\n br\r\nA: b\r\n c\r\n\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(take_body("x", 1), TRANSFER_STOP_UNKNOWN_CODING);
}

TEST(body_that_is_cut_short_is_not_whole) {
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    unit_pack(UNIT_PACK_BROTLI, "hello", 5, &packed);
    assert_int_equal(take_head(STATUS "Content-Encoding: br\r\n\r\n"), TRANSFER_STOP_NONE);
    assert_int_equal(response_end(&response), CURLE_OK); /* no body at all */
    assert_int_equal(take_body(packed.data, packed.len - 1), TRANSFER_STOP_NONE);
    assert_int_equal(response_end(&response), CURLE_BAD_CONTENT_ENCODING);
    buf_fini(&packed);
}

/* Compressed blocks without content, of which nothing ever comes. */
TEST(body_that_becomes_nothing_has_its_limit) {
    static const char empty_block[] = {0, 0, 0, (char)0xff, (char)0xff};
    enum transfer_stop stop = TRANSFER_STOP_NONE;
    size_t taken = 0;
    assert_int_equal(take_head(STATUS "Content-Encoding: deflate\r\n\r\n"), TRANSFER_STOP_NONE);
    for (; !stop; taken += sizeof empty_block)
        stop = take_body(empty_block, sizeof empty_block);
    assert_int_equal(stop, TRANSFER_STOP_TOO_LARGE);
    assert_in_range(taken, MAX_SIZE + MAX_SIZE / 8 + SPARE, MAX_SIZE + MAX_SIZE / 8 + SPARE + sizeof empty_block);
    assert_int_equal(result.size_bytes, 0);
}

TEST(decoder_without_memory_is_told) {
    char byte = 'x';
    assert_int_equal(take_head(STATUS "Content-Encoding: zstd, gzip\r\n\r\n"), TRANSFER_STOP_NONE);
    unit_fail_allocation(1);
    size_t taken = response_on_body(&byte, 1, 1, &response);
    unit_fail_allocation(0);
    assert_int_equal(taken, 0);
    assert_int_equal(response.stop, TRANSFER_STOP_NOMEM);
}

/* ---- slowness ---- */

static void pass_ms(int64_t ms) {
    for (int64_t end_ms = clock_after_ms(ms); clock_now_ms() < end_ms;)
        continue;
}

TEST(waiting_for_a_response_is_not_slowness) {
    setup.low_speed_bytes = 1000;
    setup.low_speed_time_ms = 1;
    for (int i = 0; i < 3; i++) {
        assert_false(response_is_too_slow(&response));
        pass_ms(1);
    }
}

TEST(response_that_drips_is_too_slow) {
    setup.low_speed_bytes = 1000 * 1000;
    setup.low_speed_time_ms = 1;
    assert_int_equal(take_head(STATUS), TRANSFER_STOP_NONE);
    assert_false(response_is_too_slow(&response)); /* the stretch begins */
    assert_int_equal(take_head("A: b\r\n"), TRANSFER_STOP_NONE);
    pass_ms(1);
    assert_true(response_is_too_slow(&response));
    assert_int_equal(response.stop, TRANSFER_STOP_TOO_SLOW);
}

TEST(response_that_comes_is_not_too_slow) {
    setup.low_speed_bytes = 1;
    setup.low_speed_time_ms = 1;
    assert_int_equal(take_head(STATUS "\r\n"), TRANSFER_STOP_NONE);
    for (int i = 0; i < 5; i++) {
        assert_false(response_is_too_slow(&response));
        assert_int_equal(take_body("some bytes", 10), TRANSFER_STOP_NONE);
        pass_ms(1);
    }
}

TEST(without_a_limit_nothing_is_too_slow) {
    setup.low_speed_time_ms = 1;
    assert_int_equal(take_head(STATUS "\r\n"), TRANSFER_STOP_NONE);
    for (int i = 0; i < 3; i++) {
        assert_false(response_is_too_slow(&response));
        pass_ms(1);
    }
}

#define RESPONSE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESPONSE_TEST(odd_heads_are_judged),
        RESPONSE_TEST(head_that_breaks_off_is_no_response),
        RESPONSE_TEST(head_has_its_limit),
        RESPONSE_TEST(headers_and_trailers_are_counted),
        RESPONSE_TEST(trailers_are_not_headers),
        RESPONSE_TEST(body_is_kept_up_to_its_last_byte),
        RESPONSE_TEST(decoded_body_is_never_longer_than_allowed),
        RESPONSE_TEST(encoded_body_may_be_raw_when_asked_for),
        RESPONSE_TEST(body_of_unknown_coding_is_not_taken),
        RESPONSE_TEST(coding_on_a_folded_line_is_not_overlooked),
        RESPONSE_TEST(body_that_is_cut_short_is_not_whole),
        RESPONSE_TEST(body_that_becomes_nothing_has_its_limit),
        RESPONSE_TEST(decoder_without_memory_is_told),
        RESPONSE_TEST(waiting_for_a_response_is_not_slowness),
        RESPONSE_TEST(response_that_drips_is_too_slow),
        RESPONSE_TEST(response_that_comes_is_not_too_slow),
        RESPONSE_TEST(without_a_limit_nothing_is_too_slow),
    };
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
