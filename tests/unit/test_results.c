#include "cli/results.h"

#include "unit.h"

enum { COUNT = 3 };

static struct fetch_item items[COUNT] = {{.url = "a"}, {.url = "b"}, {.url = "c"}};
static const struct fetch_batch list = {.items = items, .count = COUNT};
static struct results results;
static struct buf out;

static int begin(void **state) {
    const struct results_options options = {.output = output_of(CLI_FORMAT_CSV), .list = &list};
    (void)state;
    buf_init(&out, 100000);
    return results_init(&results, &options) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    results_fini(&results);
    buf_fini(&out);
    return 0;
}

static void put(size_t index) {
    struct fetch_result result;
    fetch_result_init(&result);
    result.status = 200;
    results_put(&results, index, &result, NULL);
    fetch_result_fini(&result);
}

static const char *take(void) {
    buf_clear(&out);
    (void)results_take(&results, &out); /* the text tells */
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    return out.data;
}

TEST(results_are_taken_in_the_order_of_the_list) {
    enum err err;
    put(1);
    assert_string_equal(take(), "");
    put(0);
    assert_string_equal(take(), "a,0,200,0,,,0.0,\r\nb,1,200,0,,,0.0,\r\n");
    assert_false(results_are_taken(&results, &err));
    put(2);
    assert_string_equal(take(), "c,2,200,0,,,0.0,\r\n");
    assert_true(results_are_taken(&results, &err));
    assert_int_equal(err, ERR_NONE);
}

TEST(what_is_abandoned_is_not_taken) {
    enum err err;
    put(0);
    results_abandon(&results);
    put(1);
    assert_false(results_take(&results, &out));
    assert_int_equal(out.len, 0);
    assert_false(results_are_taken(&results, &err));
    put(2);
    assert_true(results_are_taken(&results, &err));
    assert_false(results_take(&results, &out));
}

#define RESULTS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESULTS_TEST(results_are_taken_in_the_order_of_the_list),
        RESULTS_TEST(what_is_abandoned_is_not_taken),
    };
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
