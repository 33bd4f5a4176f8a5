#include "api/result_chunk.h"

#include "pool/fetch_include.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct fetch_batch batch;
static struct fetch_options own;
static struct fetch_result result;

static int begin(void **state) {
    (void)state;
    fetch_batch_init(&batch, NULL);
    own = (struct fetch_options){.include = FETCH_INCLUDE_HEADERS};
    const struct fetch_item items[] = {{.url = "http://a/"}, {.url = "http://b/", .id = "x", .options = &own}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(fetch_batch_add(&batch, &items[i]), ERR_NONE);
    fetch_result_init(&result);
    result.status = 200;
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    fetch_batch_fini(&batch);
    return 0;
}

static void assert_chunk(size_t index, const struct answer_format *format, const char *text) {
    struct result_chunk made = result_chunk_create(&batch, index, format, &result);
    struct answer_chunk *chunk = made.chunk;
    assert_int_equal(made.outcome, ANSWER_SUCCEEDED);
    assert_non_null(chunk);
    assert_int_equal(chunk->len, strlen(text));
    assert_memory_equal(chunk->bytes, text, chunk->len);
    free(chunk);
}

TEST(only_lines_tell_the_index) {
    assert_chunk(0, &answer_array, "{\"url\":\"http://a/\",\"status\":200,\"size\":0,\"elapsed\":0.0}");
    assert_chunk(0, &answer_lines, "{\"url\":\"http://a/\",\"index\":0,\"status\":200,\"size\":0,\"elapsed\":0.0}");
}

TEST(options_of_the_item_come_before_those_of_the_batch) {
    batch.options.include = FETCH_INCLUDE_BODY;
    assert_chunk(0, &answer_array,
                 "{\"url\":\"http://a/\",\"status\":200,\"size\":0,\"elapsed\":0.0,\"body\":\"\","
                 "\"body_encoding\":\"utf-8\"}");
    assert_chunk(1, &answer_lines,
                 "{\"url\":\"http://b/\",\"index\":1,\"status\":200,\"size\":0,\"elapsed\":0.0,\"id\":\"x\","
                 "\"headers\":{}}");
}

TEST(each_error_counts_under_one_outcome) {
    assert_int_equal(result_chunk_unread(&result).outcome, ANSWER_SUCCEEDED);
    for (enum fetch_error error = FETCH_OK + 1; error < FETCH_ERROR_COUNT; error++) {
        bool given_up = error == FETCH_DEADLINE || error == FETCH_CANCELLED || error == FETCH_SHUTDOWN;
        result.error = error;
        assert_int_equal(result_chunk_unread(&result).outcome, given_up ? ANSWER_CANCELLED : ANSWER_FAILED);
        assert_null(result_chunk_unread(&result).chunk);
    }
}

/* A result that is too large for the memory there is. */
static void make_one(void) {
    struct result_chunk made = result_chunk_create(&batch, 0, &answer_lines, &result);
    struct answer_chunk *chunk = made.chunk;
    if (chunk) {
        static const char start[] = "{\"url\":\"http://a/\",\"index\":0,\"status\":";
        assert_memory_equal(chunk->bytes, start, strlen(start));
        assert_int_equal(chunk->bytes[chunk->len - 1], '}');
        bool is_whole = strncmp(chunk->bytes + strlen(start), "200,", 4) == 0;
        assert_true(is_whole || unit_failed_allocations() > 0);
        assert_int_equal(made.outcome, is_whole ? ANSWER_SUCCEEDED : ANSWER_FAILED);
    } else {
        assert_true(unit_failed_allocations() > 0);
        assert_int_equal(made.outcome, ANSWER_FAILED);
    }
    free(chunk);
}

TEST(memory_that_runs_out_gives_a_shorter_result_or_none) {
    unit_fail_each_allocation(make_one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_lines_tell_the_index, begin, end),
        cmocka_unit_test_setup_teardown(options_of_the_item_come_before_those_of_the_batch, begin, end),
        cmocka_unit_test_setup_teardown(each_error_counts_under_one_outcome, begin, end),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_gives_a_shorter_result_or_none, begin, end),
    };
    return cmocka_run_group_tests_name("result_chunk", tests, NULL, NULL);
}
