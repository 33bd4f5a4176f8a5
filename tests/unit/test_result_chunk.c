#include "api/result_chunk.h"

#include "pool/fetch_include.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fetch_batch batch;
static struct fetch_options own;
static struct fetch_result result;

static int begin(void **state) {
    (void)state;
    fetch_batch_init(&batch, NULL);
    own = (struct fetch_options){.method = "GET", .include = FETCH_INCLUDE_HEADERS};
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

TEST(each_form_has_its_encoding) {
    assert_chunk(1, &answer_csv, "http://b/,1,200,0,,,0.0,x");
    struct result_chunk made = result_chunk_create(&batch, 1, &answer_har, &result);
    const char begin_of_entry[] = "{\"startedDateTime\":\"";
    assert_true(made.chunk->len > sizeof begin_of_entry);
    assert_memory_equal(made.chunk->bytes, begin_of_entry, sizeof begin_of_entry - 1);
    free(made.chunk);
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

/* The whole text of a chunk. */
static void assert_shared(size_t index, const char *head, const char *tail) {
    struct result_chunk made = result_chunk_create(&batch, index, &answer_lines, &result);
    struct answer answer;
    char text[200] = "", expected[200];
    assert_non_null(made.chunk);
    assert_int_equal(made.chunk->len, strlen(head));
    (void)snprintf(expected, sizeof expected, "%s%s\n", head, tail);
    assert_int_equal(answer_init(&answer, 1, &answer_lines, ANSWER_ORDER_INPUT), ERR_NONE);
    answer_put(&answer, 0, made.outcome, made.chunk);
    (void)answer_read(&answer, text, sizeof text - 1);
    assert_memory_equal(text, expected, strlen(expected));
    answer_fini(&answer);
    result_chunk_leave(&result);
}

TEST(what_results_have_in_common_is_encoded_once) {
    struct fetch_share share = {.left = 2};
    static const char tail[] = ",\"headers\":{}}";
    result.share = &share;
    assert_shared(1, "{\"url\":\"http://b/\",\"index\":1,\"status\":200,\"size\":0,\"elapsed\":0.0,\"id\":\"x\"", tail);
    void *made = share.made;
    assert_non_null(made);
    share.left = 1;
    assert_shared(1, "{\"url\":\"http://b/\",\"index\":1,\"status\":200,\"size\":0,\"elapsed\":0.0,\"id\":\"x\"", tail);
    assert_ptr_equal(share.made, made);
    share.left = 0;
    result_chunk_leave(&result);
    assert_null(share.made);
    result.share = NULL;
}

TEST(results_with_nothing_in_common_but_their_base_share_nothing) {
    struct fetch_share share = {.left = 1};
    result.share = &share;
    assert_chunk(0, &answer_array, "{\"url\":\"http://a/\",\"status\":200,\"size\":0,\"elapsed\":0.0}");
    assert_null(share.made);
    result.share = NULL;
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
static void make_shared(void) {
    struct fetch_share share = {.left = 0};
    result.share = &share;
    struct result_chunk made = result_chunk_create(&batch, 1, &answer_lines, &result);
    assert_true(made.outcome == ANSWER_SUCCEEDED || unit_failed_allocations() > 0);
    result_chunk_leave(&result);
    assert_null(share.made);
    answer_free_chunk(made.chunk);
    result.share = NULL;
}

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
    unit_fail_each_allocation(make_shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_lines_tell_the_index, begin, end),
        cmocka_unit_test_setup_teardown(each_form_has_its_encoding, begin, end),
        cmocka_unit_test_setup_teardown(options_of_the_item_come_before_those_of_the_batch, begin, end),
        cmocka_unit_test_setup_teardown(what_results_have_in_common_is_encoded_once, begin, end),
        cmocka_unit_test_setup_teardown(results_with_nothing_in_common_but_their_base_share_nothing, begin, end),
        cmocka_unit_test_setup_teardown(each_error_counts_under_one_outcome, begin, end),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_gives_a_shorter_result_or_none, begin, end),
    };
    return cmocka_run_group_tests_name("result_chunk", tests, NULL, NULL);
}
