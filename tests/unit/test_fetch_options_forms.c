/* What an option may be depends on the form of the answer. */
#include "api/fetch_options.h"

#include "unit.h"
#include "unit_decode.h"

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

static void take(const char *name, const char *value) {
    assert_true(fetch_options_read_query(&d.target, name, value));
    unit_decode_assert_taken(&d, name);
}

static void refuse(const char *name, const char *value, const char *pointer, const char *detail) {
    assert_true(fetch_options_read_query(&d.target, name, value));
    unit_decode_assert_wrong(&d, name, pointer, detail);
    d.problem = (struct problem){0};
}

TEST(array_is_not_sent_in_the_order_of_completion) {
    take("order", "input");
    refuse("order", "completion", "?order",
           "an array has the order of the list: ask for NDJSON (Accept: application/x-ndjson)");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_INPUT);
}

TEST(csv_has_either_order_and_nothing_extra) {
    d.delivery.format = &answer_csv;
    take("order", "completion");
    take("include", "");
    take("dedupe", "true");
    refuse("include", "body", "?include", "CSV has no column for what include asks for: ask for JSON");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_COMPLETION);
    assert_int_equal(d.batch.options.include, 0);
}

TEST(archive_has_extra_fields_in_the_order_of_the_list) {
    d.delivery.format = &answer_har;
    take("include", "body");
    take("dedupe", "false");
    refuse("order", "completion", "?order",
           "an HTTP Archive has the order of the list: ask for NDJSON (Accept: application/x-ndjson)");
    refuse("dedupe", "true", "?dedupe", "an HTTP Archive tells of each request, so each item needs its own");
    assert_int_equal(d.delivery.order, ANSWER_ORDER_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(array_is_not_sent_in_the_order_of_completion, begin, end),
        cmocka_unit_test_setup_teardown(csv_has_either_order_and_nothing_extra, begin, end),
        cmocka_unit_test_setup_teardown(archive_has_extra_fields_in_the_order_of_the_list, begin, end),
    };
    return cmocka_run_group_tests_name("fetch_options_forms", tests, NULL, NULL);
}
