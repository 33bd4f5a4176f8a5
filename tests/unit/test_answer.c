#include "api/answer.h"

#include "unit.h"
#include "unit_random.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RESULTS = 40, ROUNDS = 400, MOST_TEXT = 30, MOST_BYTES = RESULTS * (MOST_TEXT + 120) };

static const char lost_text[] =
    "{\"url\":\"\",\"status\":0,\"error\":\"out of memory\",\"error_code\":\"internal\",\"elapsed\":0.0}";

/* What should be so of the answer. */
static struct {
    size_t count;
    size_t order[RESULTS]; /* in which the results come */
    size_t put;
    const char *texts[RESULTS]; /* NULL: did not come */
    char stored[RESULTS][MOST_TEXT + 1];
    char whole[MOST_BYTES]; /* what can be read by now, from the first byte */
    size_t whole_len;
    size_t read;
} model;

static struct answer answer;
static uint32_t random_state = 2024;

static uint32_t below(uint32_t n) {
    return unit_random_below(&random_state, n);
}

static struct answer_chunk *make_chunk(const char *text) {
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(answer_begin_chunk(&b), ERR_NONE);
    assert_int_equal(buf_append_text(&b, text), ERR_NONE);
    struct answer_chunk *chunk = answer_take_chunk(&b);
    assert_non_null(chunk);
    assert_int_equal(chunk->len, strlen(text));
    return chunk;
}

static void put_text(size_t index, const char *text) {
    answer_put(&answer, index, make_chunk(text));
}

static void begin_model(size_t count) {
    memset(&model, 0, sizeof model);
    model.count = count;
    for (size_t i = 0; i < count; i++)
        model.order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t other = below((uint32_t)i), kept = model.order[i - 1];
        model.order[i - 1] = model.order[other];
        model.order[other] = kept;
    }
    assert_int_equal(answer_init(&answer, count), ERR_NONE);
}

static void append_whole(const char *text) {
    size_t n = strlen(text);
    assert_true(model.whole_len + n < sizeof model.whole);
    memcpy(model.whole + model.whole_len, text, n + 1);
    model.whole_len += n;
}

/* Results that came in front of the first that did not. */
static size_t prefix(void) {
    size_t n = 0;
    while (n < model.count && model.texts[n])
        n++;
    return n;
}

static void write_whole(void) {
    size_t ready = prefix();
    model.whole_len = 0;
    for (size_t i = 0; i < ready; i++) {
        append_whole(i == 0 ? "[" : ",\n");
        append_whole(model.texts[i]);
    }
    if (ready == model.count)
        append_whole(model.count == 0 ? "[]\n" : "]\n");
}

static size_t total_bytes(void) {
    size_t total = strlen("]\n") + (model.count == 0);
    for (size_t i = 0; i < model.count; i++)
        if (model.texts[i])
            total += strlen(model.texts[i]) + (i == 0 ? strlen("[") : strlen(",\n"));
    return total;
}

/* Bytes of results, without brackets and commas, that came and were not read. */
static size_t held_bytes(void) {
    size_t held = 0, at = 0;
    for (size_t i = 0; i < model.count; i++) {
        size_t len = model.texts[i] ? strlen(model.texts[i]) : 0;
        at += i == 0 ? strlen("[") : strlen(",\n");
        size_t read = model.read > at ? model.read - at : 0;
        held += read < len ? len - read : 0;
        at += len;
    }
    return held;
}

static void assert_like_model(void) {
    write_whole();
    assert_int_equal(answer.put, model.put);
    assert_int_equal(answer.ready, prefix());
    assert_int_equal(answer.ready_bytes, model.whole_len - model.read);
    assert_int_equal(answer.total_bytes, total_bytes());
    assert_int_equal(answer.held_bytes, held_bytes());
    assert_int_equal(answer_is_complete(&answer), model.put == model.count);
    assert_int_equal(answer_is_read(&answer), model.put == model.count && model.read == model.whole_len);
}

static void put_next(void) {
    size_t index = model.order[model.put++];
    if (below(10) == 0) {
        model.texts[index] = lost_text;
        answer_put(&answer, index, NULL);
        return;
    }
    size_t len = below(MOST_TEXT + 1);
    for (size_t i = 0; i < len; i++)
        model.stored[index][i] = (char)('a' + below(26));
    model.texts[index] = model.stored[index];
    put_text(index, model.stored[index]);
}

static void read_some(size_t size) {
    char bytes[4096];
    size_t may = model.whole_len - model.read;
    size_t n = answer_read(&answer, bytes, size);
    assert_int_equal(n, may < size ? may : size);
    assert_memory_equal(bytes, model.whole + model.read, n);
    model.read += n;
}

static void random_step(void) {
    if (model.put < model.count && below(2) == 0)
        put_next();
    else
        read_some(below(4) == 0 ? 4096 : below(40));
}

TEST(any_order_and_any_read_sizes_give_the_array_in_order) {
    for (int round = 0; round < ROUNDS; round++) {
        begin_model(below(RESULTS + 1));
        assert_like_model();
        while (!answer_is_read(&answer)) {
            random_step();
            assert_like_model();
        }
        assert_int_equal(answer.held_bytes, 0);
        assert_int_equal(model.read, answer.total_bytes);
        answer_fini(&answer);
    }
}

TEST(answer_that_is_left_in_the_middle_is_freed) {
    for (int round = 0; round < 100; round++) {
        begin_model(1 + below(RESULTS));
        for (uint32_t steps = below(60); steps > 0; steps--) {
            random_step();
            write_whole();
        }
        answer_fini(&answer);
    }
}

static void assert_read(const char *text) {
    char bytes[1000];
    size_t n = answer_read(&answer, bytes, sizeof bytes);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(bytes, text, n);
}

TEST(no_results_are_an_empty_array) {
    assert_int_equal(answer_init(&answer, 0), ERR_NONE);
    assert_true(answer_is_complete(&answer));
    assert_false(answer_is_read(&answer));
    assert_int_equal(answer.total_bytes, 3);
    assert_read("[]\n");
    assert_true(answer_is_read(&answer));
    assert_read("");
    answer_fini(&answer);
}

TEST(nothing_can_be_read_before_the_first_result) {
    assert_int_equal(answer_init(&answer, 2), ERR_NONE);
    assert_read("");
    put_text(1, "second");
    assert_read("");
    assert_int_equal(answer.held_bytes, 6);
    assert_int_equal(answer.ready_bytes, 0);
    assert_false(answer_is_complete(&answer));
    put_text(0, "first");
    assert_true(answer_is_complete(&answer));
    assert_int_equal(answer.ready_bytes, answer.total_bytes);
    assert_read("[first,\nsecond]\n");
    answer_fini(&answer);
}

TEST(results_can_be_read_before_the_last_came) {
    assert_int_equal(answer_init(&answer, 3), ERR_NONE);
    put_text(0, "a");
    assert_read("[a");
    put_text(2, "c");
    assert_read("");
    put_text(1, "b");
    assert_read(",\nb,\nc]\n");
    assert_true(answer_is_read(&answer));
    answer_fini(&answer);
}

TEST(lost_results_all_have_the_fixed_text) {
    assert_int_equal(answer_init(&answer, 2), ERR_NONE);
    answer_put(&answer, 1, NULL);
    assert_int_equal(answer.held_bytes, strlen(lost_text));
    answer_put(&answer, 0, NULL);
    char text[sizeof lost_text * 2 + 10] = "[";
    memcpy(text + 1, lost_text, sizeof lost_text - 1);
    memcpy(text + sizeof lost_text, ",\n", 2);
    memcpy(text + sizeof lost_text + 2, lost_text, sizeof lost_text - 1);
    memcpy(text + 2 * sizeof lost_text + 1, "]\n", 3);
    assert_read(text);
    answer_fini(&answer);
}

static void make_one(void) {
    struct buf b;
    struct answer a;
    buf_init(&b, 1000);
    enum err err = answer_init(&a, 1);
    if (!err && !answer_begin_chunk(&b)) {
        answer_put(&a, 0, answer_take_chunk(&b)); /* what cannot be made smaller stays as it is */
        assert_int_equal(a.held_bytes, 0);
    }
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    answer_fini(&a);
    buf_fini(&b);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(make_one);
}

TEST(chunk_of_nothing_is_none) {
    struct buf b;
    buf_init(&b, 1000);
    assert_null(answer_take_chunk(&b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_and_any_read_sizes_give_the_array_in_order),
        cmocka_unit_test(answer_that_is_left_in_the_middle_is_freed),
        cmocka_unit_test(no_results_are_an_empty_array),
        cmocka_unit_test(nothing_can_be_read_before_the_first_result),
        cmocka_unit_test(results_can_be_read_before_the_last_came),
        cmocka_unit_test(lost_results_all_have_the_fixed_text),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(chunk_of_nothing_is_none),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
