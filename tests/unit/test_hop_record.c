#include "pool/hop_record.h"

#include "unit.h"

#include <string.h>

static struct fetch_hops hops;
static struct fetch_hop *hop;

static int begin(void **state) {
    (void)state;
    return fetch_hops_add(&hops, "http://h/", "GET", &hop) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    fetch_hops_fini(&hops);
    return 0;
}

static void trace(const char *text) {
    hop_record_trace(hop, CURLINFO_HEADER_OUT, text, strlen(text));
}

static void line(bool begins, const char *text) {
    assert_int_equal(hop_record_line(hop, begins, text, strlen(text)), ERR_NONE);
}

static void assert_head(struct buf *head, const char *expected) {
    assert_int_equal(buf_terminate(head), ERR_NONE);
    assert_string_equal(head->data, expected);
}

TEST(a_head_that_is_sent_in_pieces_is_one) {
    trace("GET / HTTP/1.1\r\nHo");
    trace("st: h\r\n\r\n");
    assert_head(&hop->request, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST(a_request_that_is_sent_again_is_the_one_that_counts) {
    trace("GET / HTTP/1.1\r\nA: 1\r\n\r\n");
    trace("GET / HTTP/1.1\r\nA: 2");
    trace("\r\n\r\n");
    assert_head(&hop->request, "GET / HTTP/1.1\r\nA: 2\r\n\r\n");
}

TEST(only_what_is_sent_as_a_head_is_recorded) {
    hop_record_trace(hop, CURLINFO_TEXT, "note", 4);
    hop_record_trace(hop, CURLINFO_DATA_OUT, "body", 4);
    hop_record_trace(hop, CURLINFO_HEADER_IN, "head", 4);
    assert_int_equal(hop->request.len, 0);
    assert_int_equal(hop->response.len, 0);
}

TEST(the_last_head_of_a_response_is_the_one_that_counts) {
    line(true, "HTTP/1.1 103 Early\r\n");
    line(false, "Link: a\r\n");
    line(false, "\r\n");
    line(true, "HTTP/1.1 200 OK\r\n");
    line(false, "\r\n");
    assert_head(&hop->response, "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(another_attempt_begins_anew) {
    trace("GET / HTTP/1.1\r\n");
    line(true, "HTTP/1.1 200 OK\r\n");
    hop_record_begin(hop);
    assert_int_equal(hop->request.len, 0);
    assert_int_equal(hop->response.len, 0);
    assert_true(hop->performed_us >= hop->started_us);
}

/* Half a head would look like one that was sent so. */
TEST(a_request_for_which_there_is_no_memory_is_left_out) {
    static const char more[] = "A: 0123456789012345678901234567890123456789\r\n";
    trace("GET / HTTP/1.1\r\n");
    unit_fail_allocation(1);
    for (int i = 0; i < 1000 && unit_failed_allocations() == 0; i++)
        trace(more);
    assert_int_equal(unit_failed_allocations(), 1);
    unit_fail_allocation(0);
    assert_int_equal(hop->request.len, 0);
}

TEST(who_records_nothing_may_be_told_all_the_same) {
    hop_record_begin(NULL);
    hop_record_trace(NULL, CURLINFO_HEADER_OUT, "x", 1);
    assert_int_equal(hop_record_line(NULL, true, "x", 1), ERR_NONE);
    hop_record_end(NULL, NULL, false, 0);
}

#define HOP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        HOP_TEST(a_head_that_is_sent_in_pieces_is_one),
        HOP_TEST(a_request_that_is_sent_again_is_the_one_that_counts),
        HOP_TEST(only_what_is_sent_as_a_head_is_recorded),
        HOP_TEST(the_last_head_of_a_response_is_the_one_that_counts),
        HOP_TEST(another_attempt_begins_anew),
        HOP_TEST(a_request_for_which_there_is_no_memory_is_left_out),
        HOP_TEST(who_records_nothing_may_be_told_all_the_same),
    };
    return cmocka_run_group_tests_name("hop_record", tests, NULL, NULL);
}
