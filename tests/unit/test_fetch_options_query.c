#include "pool/fetch_include.h"
#include "unit.h"
#include "unit_decode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static const char include_detail[] = "include must be a list of names out of: " FETCH_INCLUDE_NAMES;

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

static void take_query(const char *name, const char *text) {
    d.problem = (struct problem){0};
    assert_true(fetch_options_read_query(&d.target, name, text));
    unit_decode_assert_taken(&d, text);
}

static void refuse_query(const char *name, const char *text, const char *detail) {
    char pointer[64];
    d.problem = (struct problem){0};
    (void)snprintf(pointer, sizeof pointer, "?%s", name);
    assert_true(fetch_options_read_query(&d.target, name, text));
    unit_decode_assert_wrong(&d, text, pointer, detail);
}

/* The texts are separated by bars. */
static void refuse_each_query(const char *name, const char *texts, const char *detail) {
    unit_decode_each_text(texts, refuse_query, name, detail);
}

TEST(unknown_names_are_not_known) {
    static const char *const names[] = {"", "url", "urls", "id", "Timeout", "timeout ", "body[]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(fetch_options_read_query(&d.target, names[i], "1"));
    assert_int_equal(d.problem.status, 0);
}

TEST(query_parameters_are_values_of_their_kind) {
    d.delivery.format = &answer_lines;
    take_query("max_concurrent", "7");
    take_query("timeout", "0.25");
    take_query("connect_timeout", "1e1");
    take_query("method", "POST");
    take_query("body", "a,b 5");
    take_query("follow_redirects", "false");
    take_query("max_redirects", "+5");
    take_query("max_size", "0");
    take_query("decompress", "true");
    take_query("include", "headers,connection");
    take_query("order", "completion");
    take_query("on_disconnect", "finish");
    assert_int_equal(d.batch.max_concurrent, 7);
    assert_int_equal(d.batch.options.timeout_ms, 250);
    assert_int_equal(d.batch.options.connect_timeout_ms, 10000);
    assert_string_equal(d.batch.options.method, "POST");
    assert_string_equal(d.batch.options.body, "a,b 5");
    assert_false(d.batch.options.follow_redirects);
    assert_int_equal(d.batch.options.max_redirects, 5);
    assert_int_equal(d.batch.options.max_size_bytes, 0);
    assert_true(d.batch.options.decompress);
    assert_int_equal(d.batch.options.include, FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_CONNECTION);
    assert_int_equal(d.delivery.order, ANSWER_ORDER_COMPLETION);
    assert_int_equal(d.delivery.on_disconnect, DELIVERY_FINISH);
}

TEST(what_is_no_number_is_refused_in_the_query) {
    static const char wrong[] = "| |5 | 5|5s|nan|NaN|-nan|inf|infinity|0x10|e|1e|--1|1.2.3|1,5|.|+|1e+|5\n|true";
    refuse_each_query("timeout", wrong, "timeout must be a number");
    refuse_each_query("max_concurrent", wrong, "max_concurrent must be a number");
}

TEST(range_counts_in_the_query_as_well) {
    refuse_each_query("timeout", "1e999|-1|0|600.1", "timeout must be a number of seconds from 0.001 to 600");
    refuse_each_query("max_concurrent", "1.5|0|1001", "max_concurrent must be a whole number from 1 to 1000");
}

TEST(switches_in_the_query_are_the_words_only) {
    refuse_each_query("decompress", "|1|0|yes|True|true |no", "decompress must be true or false");
}

TEST(list_in_the_query_is_separated_by_commas) {
    take_query("include", "");
    assert_int_equal(d.batch.options.include, 0);
    take_query("include", "timings");
    assert_int_equal(d.batch.options.include, FETCH_INCLUDE_TIMINGS);
    refuse_each_query("include",
                      ",|,body|body,|body,headers,|body,,headers|body, headers|,body|bodies|body;headers| body",
                      include_detail);
    refuse_query("include", "bodybodybodybodybodybodybodybodybodybodybodybodybodybodybodybodybody", include_detail);
}

TEST(headers_cannot_stand_in_the_query) {
    refuse_each_query("headers", "A: b|", "headers must be an object of name to value");
}

static void read_some(void) {
    (void)begin(NULL); /* cannot fail */
    (void)fetch_options_read_query(&d.target, "body", "text");
    (void)fetch_options_read_query(&d.target, "include", "body,headers");
    (void)fetch_options_read_query(&d.target, "timeout", "5");
    (void)fetch_options_read_query(&d.target, "decompress", "true");
    assert_int_equal(d.problem.status, unit_failed_allocations() > 0 ? 503 : 0);
    (void)end(NULL);
}

TEST(memory_that_runs_out_is_told) {
    cJSON_InitHooks(&(cJSON_Hooks){malloc, free}); /* those that can be made to fail */
    unit_fail_each_allocation(read_some);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_names_are_not_known, begin, end),
        cmocka_unit_test_setup_teardown(query_parameters_are_values_of_their_kind, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_number_is_refused_in_the_query, begin, end),
        cmocka_unit_test_setup_teardown(range_counts_in_the_query_as_well, begin, end),
        cmocka_unit_test_setup_teardown(switches_in_the_query_are_the_words_only, begin, end),
        cmocka_unit_test_setup_teardown(list_in_the_query_is_separated_by_commas, begin, end),
        cmocka_unit_test_setup_teardown(headers_cannot_stand_in_the_query, begin, end),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("fetch_options_query", tests, NULL, NULL);
}
