#include "cli/entry_read.h"

#include "unit.h"

#include <string.h>

static struct fetch_result result;
static struct result_line line;
static bool is_last;

static int begin(void **state) {
    (void)state;
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    return 0;
}

static enum err read_entry(const char *text) {
    return entry_read(text, strlen(text), &line, &result, &is_last);
}

static const char whole[] =
    "{\"response\":{\"status\":404,\"content\":{\"size\":3,\"text\":\"/wD+\",\"encoding\":\"base64\"}},"
    "\"_index\":7,\"_result\":{\"url\":\"u\",\"index\":7,\"status\":404,\"size\":3,\"elapsed\":1.5}}";

TEST(the_last_entry_has_the_result_and_its_body) {
    assert_int_equal(read_entry(whole), ERR_NONE);
    assert_true(is_last);
    assert_int_equal(line.index, 7);
    assert_int_equal(result.status, 404);
    assert_int_equal(result.elapsed_us, 1500000);
    assert_int_equal(result.body.len, 3);
    assert_memory_equal(result.body.data, "\xFF\0\xFE", 3);
}

TEST(a_body_of_text_is_read) {
    assert_int_equal(
        read_entry("{\"response\":{\"content\":{\"text\":\"a\\u0000\\n\"}},\"_result\":{\"index\":0,\"status\":200}}"),
        ERR_NONE);
    assert_int_equal(result.body.len, 3);
    assert_memory_equal(result.body.data, "a\0\n", 3);
}

TEST(a_redirect_has_no_result) {
    assert_int_equal(read_entry("{\"response\":{\"status\":302,\"content\":{\"text\":5}},\"_index\":0}"), ERR_NONE);
    assert_false(is_last);
    assert_int_equal(result.status, 0);
}

TEST(what_is_no_entry_is_refused) {
    static const char *const texts[] = {
        "",
        "[]",
        "{",
        "{\"_result\":5}",
        "{\"_result\":{}}",
        "{\"_result\":{\"index\":\"1\"}}",
        "{\"response\":{\"content\":{\"text\":5}},\"_result\":{\"index\":1,\"status\":200}}",
        "{\"response\":{\"content\":{\"text\":\"?\",\"encoding\":\"base64\"}},\"_result\":{\"status\":200}}",
        "{\"_result\":{\"done\":true}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(read_entry(texts[i]), ERR_INVALID);
}

/* The name of a saved file is put there. */
TEST(nothing_stands_behind_the_result) {
    assert_int_equal(read_entry("{\"_result\":{\"index\":1,\"status\":200}}"), ERR_NONE);
    assert_int_equal(read_entry("{\"_result\":{\"index\":1,\"status\":200},\"_more\":1}"), ERR_INVALID);
    assert_int_equal(read_entry("{\"_result\":{\"index\":1,\"status\":200} }"), ERR_INVALID);
}

static void read_some(void) {
    fetch_result_fini(&result);
    fetch_result_init(&result);
    enum err err = read_entry(whole);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(read_some);
}

#define READ_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        READ_TEST(the_last_entry_has_the_result_and_its_body),
        READ_TEST(a_body_of_text_is_read),
        READ_TEST(a_redirect_has_no_result),
        READ_TEST(what_is_no_entry_is_refused),
        READ_TEST(nothing_stands_behind_the_result),
        READ_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("entry_read", tests, NULL, NULL);
}
