#include "api/answer.h"

#include "pool/result_har.h"

#include "unit.h"
#include "unit_random.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESULTS = 40, ROUNDS = 400, MOST_TEXT = 30, MOST_LOST = 700, MOST_BYTES = RESULTS * MOST_LOST + 200 };

static const char lost_text[] =
    "{\"url\":\"\",\"status\":0,\"error\":\"out of memory\",\"error_code\":\"internal\",\"elapsed\":0.0}";

/* What should be so of the answer. */
static struct {
    const struct answer_format *format;
    enum answer_order order;
    size_t count;
    size_t coming[RESULTS]; /* the indexes, in the order in which their results come */
    size_t put;
    size_t counts[ANSWER_OUTCOME_COUNT];
    bool came[RESULTS];
    char texts[RESULTS][MOST_LOST];
    char whole[MOST_BYTES]; /* what can be read by now, from the first byte */
    size_t whole_len;
    size_t read;
} model;

static const struct answer_format *const formats[] = {&answer_array, &answer_lines, &answer_csv, &answer_har};

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
    answer_put(&answer, index, ANSWER_SUCCEEDED, make_chunk(text));
}

static void begin_model(size_t count) {
    memset(&model, 0, sizeof model);
    model.format = formats[below(4)];
    model.order = below(2) ? ANSWER_ORDER_INPUT : ANSWER_ORDER_COMPLETION;
    model.count = count;
    for (size_t i = 0; i < count; i++)
        model.coming[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t other = below((uint32_t)i), kept = model.coming[i - 1];
        model.coming[i - 1] = model.coming[other];
        model.coming[other] = kept;
    }
    assert_int_equal(answer_init(&answer, count, model.format, model.order), ERR_NONE);
}

/* The index of what stands at that place. */
static size_t index_at(size_t place) {
    return model.order == ANSWER_ORDER_INPUT ? place : model.coming[place];
}

static bool is_there(size_t place) {
    return model.order == ANSWER_ORDER_INPUT ? model.came[place] : place < model.put;
}

static void append_whole(const char *text) {
    size_t n = strlen(text);
    assert_true(model.whole_len + n < sizeof model.whole);
    memcpy(model.whole + model.whole_len, text, n + 1);
    model.whole_len += n;
}

static const char *head(void) {
    return model.format == &answer_array ? "["
           : model.format == &answer_csv ? "url,index,status,size,error,error_code,elapsed,id\r\n"
           : model.format == &answer_har ? RESULT_HAR_HEAD
                                         : "";
}

static void append_end(void) {
    char line[200];
    if (model.count == 0)
        append_whole(head());
    if (model.format != &answer_lines) {
        append_whole(model.format == &answer_array ? "]\n" : model.format == &answer_har ? "]}}\n" : "");
        return;
    }
    (void)snprintf(line, sizeof line,
                   "{\"done\":true,\"counts\":{\"total\":%zu,\"succeeded\":%zu,\"failed\":%zu,\"cancelled\":%zu}}\n",
                   model.count, model.counts[0], model.counts[1], model.counts[2]);
    append_whole(line);
}

/* What stands before the result at that place. */
static const char *before(size_t place) {
    if (place == 0)
        return head();
    return model.format == &answer_lines || model.format == &answer_csv ? "" : ",\n";
}

/* Writes what can be read, and gives the bytes of results that came and were not read. */
static size_t write_whole(void) {
    size_t held = 0, place = 0;
    model.whole_len = 0;
    for (; place < model.count && is_there(place); place++) {
        const char *text = model.texts[index_at(place)];
        append_whole(before(place));
        size_t read = model.read > model.whole_len ? model.read - model.whole_len : 0;
        held += read < strlen(text) ? strlen(text) - read : 0;
        append_whole(text);
        append_whole(model.format == &answer_lines ? "\n" : model.format == &answer_csv ? "\r\n" : "");
    }
    if (place == model.count)
        append_end();
    for (; place < model.count; place++)
        held += is_there(place) ? strlen(model.texts[index_at(place)]) : 0;
    return held;
}

static void assert_like_model(void) {
    size_t held = write_whole();
    assert_int_equal(answer.put, model.put);
    assert_int_equal(answer.ready_bytes, model.whole_len - model.read);
    assert_int_equal(answer.held_bytes, held);
    assert_memory_equal(answer.counts, model.counts, sizeof model.counts);
    assert_int_equal(answer_is_complete(&answer), model.put == model.count);
    assert_int_equal(answer_is_read(&answer), model.put == model.count && model.read == model.whole_len);
}

static void write_lost(size_t index) {
    char *text = model.texts[index];
    if (model.format == &answer_array)
        memcpy(text, lost_text, sizeof lost_text);
    else if (model.format == &answer_csv)
        (void)snprintf(text, sizeof model.texts[0], "\"\",%zu,0,,out of memory,internal,0.0,", index);
    else if (model.format == &answer_har)
        (void)snprintf(text, sizeof model.texts[0],
                       RESULT_HAR_LOST "\"_result\":{\"url\":\"\",\"index\":%zu,\"status\":0,"
                                       "\"error\":\"out of memory\",\"error_code\":\"internal\",\"elapsed\":0.0}}",
                       index);
    else
        (void)snprintf(text, sizeof model.texts[0], "{\"url\":\"\",\"index\":%zu,%s", index,
                       lost_text + strlen("{\"url\":\"\","));
}

static void put_next(void) {
    size_t index = model.coming[model.put++];
    enum answer_outcome outcome = (enum answer_outcome)below(ANSWER_OUTCOME_COUNT);
    model.counts[outcome]++;
    model.came[index] = true;
    if (below(10) == 0) {
        write_lost(index);
        answer_put(&answer, index, outcome, NULL);
        return;
    }
    size_t len = below(MOST_TEXT + 1);
    for (size_t i = 0; i < len; i++)
        model.texts[index][i] = (char)('a' + below(26));
    answer_put(&answer, index, outcome, make_chunk(model.texts[index]));
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

TEST(any_formats_orders_and_read_sizes_give_each_result_once_in_its_order) {
    for (int round = 0; round < ROUNDS; round++) {
        begin_model(below(RESULTS + 1));
        assert_like_model();
        while (!answer_is_read(&answer)) {
            random_step();
            assert_like_model();
        }
        assert_int_equal(answer.held_bytes, 0);
        answer_fini(&answer);
    }
}

TEST(answer_that_is_left_in_the_middle_is_freed) {
    for (int round = 0; round < 100; round++) {
        begin_model(1 + below(RESULTS));
        for (uint32_t steps = below(60); steps > 0; steps--) {
            random_step();
            (void)write_whole();
        }
        answer_fini(&answer);
    }
}

TEST(abandoned_answer_holds_nothing_and_goes_on_counting) {
    for (int round = 0; round < 100; round++) {
        begin_model(1 + below(RESULTS));
        for (uint32_t steps = below(60); steps > 0; steps--) {
            random_step();
            (void)write_whole();
        }
        answer_abandon(&answer);
        answer_abandon(&answer);
        while (model.put < model.count)
            put_next();
        char byte;
        assert_int_equal(answer_read(&answer, &byte, 1), 0);
        assert_int_equal(answer.held_bytes, 0);
        assert_memory_equal(answer.counts, model.counts, sizeof model.counts);
        assert_true(answer_is_complete(&answer));
        answer_fini(&answer);
    }
}

static void begin(size_t count, const struct answer_format *format, enum answer_order order) {
    assert_int_equal(answer_init(&answer, count, format, order), ERR_NONE);
}

static void assert_read(const char *text) {
    char bytes[1000];
    size_t n = answer_read(&answer, bytes, sizeof bytes);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(bytes, text, n);
}

TEST(no_results_are_an_empty_array) {
    begin(0, &answer_array, ANSWER_ORDER_INPUT);
    assert_true(answer_is_complete(&answer));
    assert_false(answer_is_read(&answer));
    assert_int_equal(answer.ready_bytes, 3);
    assert_read("[]\n");
    assert_true(answer_is_read(&answer));
    assert_read("");
    answer_fini(&answer);
}

TEST(no_results_are_the_closing_line_alone) {
    begin(0, &answer_lines, ANSWER_ORDER_COMPLETION);
    assert_read("{\"done\":true,\"counts\":{\"total\":0,\"succeeded\":0,\"failed\":0,\"cancelled\":0}}\n");
    assert_true(answer_is_read(&answer));
    answer_fini(&answer);
}

TEST(nothing_can_be_read_before_the_first_result) {
    begin(2, &answer_array, ANSWER_ORDER_INPUT);
    assert_read("");
    put_text(1, "second");
    assert_read("");
    assert_int_equal(answer.held_bytes, 6);
    assert_int_equal(answer.ready_bytes, 0);
    assert_false(answer_is_complete(&answer));
    put_text(0, "first");
    assert_true(answer_is_complete(&answer));
    assert_read("[first,\nsecond]\n");
    answer_fini(&answer);
}

TEST(results_can_be_read_before_the_last_came) {
    begin(3, &answer_array, ANSWER_ORDER_INPUT);
    put_text(0, "a");
    assert_read("[a");
    put_text(2, "c");
    assert_read("");
    put_text(1, "b");
    assert_read(",\nb,\nc]\n");
    assert_true(answer_is_read(&answer));
    answer_fini(&answer);
}

TEST(lines_come_whole_in_the_order_of_completion_and_are_counted) {
    begin(4, &answer_lines, ANSWER_ORDER_COMPLETION);
    answer_put(&answer, 2, ANSWER_CANCELLED, make_chunk("c"));
    assert_read("c\n");
    answer_put(&answer, 3, ANSWER_FAILED, make_chunk("d"));
    answer_put(&answer, 0, ANSWER_SUCCEEDED, make_chunk("a"));
    assert_read("d\na\n");
    assert_read("");
    answer_put(&answer, 1, ANSWER_SUCCEEDED, make_chunk("b"));
    assert_read("b\n{\"done\":true,\"counts\":{\"total\":4,\"succeeded\":2,\"failed\":1,\"cancelled\":1}}\n");
    assert_true(answer_is_read(&answer));
    answer_fini(&answer);
}

static void make_one(void) {
    struct buf b;
    struct answer a;
    buf_init(&b, 1000);
    enum err err = answer_init(&a, 1, &answer_lines, ANSWER_ORDER_INPUT);
    if (!err && !answer_begin_chunk(&b)) {
        answer_put(&a, 0, ANSWER_SUCCEEDED, answer_take_chunk(&b)); /* what cannot be made smaller stays as it is */
        assert_int_equal(a.held_bytes, 0);
    }
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    answer_fini(&a);
    buf_fini(&b);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(make_one);
}

static struct answer_tail *make_tail(const char *text) {
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(buf_append_text(&b, text), ERR_NONE);
    struct answer_tail *tail = answer_tail_create(&b);
    assert_non_null(tail);
    buf_fini(&b);
    return tail;
}

static void put_with_tail(size_t index, const char *text, struct answer_tail *tail) {
    struct answer_chunk *chunk = make_chunk(text);
    chunk->tail = answer_tail_ref(tail);
    answer_put(&answer, index, ANSWER_SUCCEEDED, chunk);
}

TEST(tail_that_results_share_is_read_with_each_and_held_once) {
    char text[100] = "";
    assert_int_equal(answer_init(&answer, 4, &answer_array, ANSWER_ORDER_INPUT), ERR_NONE);
    struct answer_tail *tail = make_tail("-the-tail");
    put_with_tail(0, "a", tail);
    put_with_tail(3, "dd", tail);
    put_text(1, "b");
    put_with_tail(2, "c", tail);
    answer_tail_unref(tail);
    assert_int_equal(answer.held_bytes, 1 + 1 + 1 + 2 + 9);
    for (size_t n = 0; n < sizeof text - 1 && !answer_is_read(&answer); n++)
        assert_int_equal(answer_read(&answer, text + n, 1), 1);
    assert_string_equal(text, "[a-the-tail,\nb,\nc-the-tail,\ndd-the-tail]\n");
    assert_int_equal(answer.held_bytes, 0);
    answer_fini(&answer);
}

TEST(tail_is_freed_with_an_answer_that_nobody_reads) {
    assert_int_equal(answer_init(&answer, 3, &answer_array, ANSWER_ORDER_INPUT), ERR_NONE);
    struct answer_tail *tail = make_tail("t");
    put_with_tail(1, "b", tail);
    answer_abandon(&answer);
    assert_int_equal(answer.held_bytes, 0);
    put_with_tail(0, "a", tail);
    answer_tail_unref(tail);
    answer_fini(&answer);
    answer_tail_unref(NULL);
}

TEST(chunk_of_nothing_is_none) {
    struct buf b;
    buf_init(&b, 1000);
    assert_null(answer_take_chunk(&b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_formats_orders_and_read_sizes_give_each_result_once_in_its_order),
        cmocka_unit_test(answer_that_is_left_in_the_middle_is_freed),
        cmocka_unit_test(abandoned_answer_holds_nothing_and_goes_on_counting),
        cmocka_unit_test(no_results_are_an_empty_array),
        cmocka_unit_test(no_results_are_the_closing_line_alone),
        cmocka_unit_test(nothing_can_be_read_before_the_first_result),
        cmocka_unit_test(results_can_be_read_before_the_last_came),
        cmocka_unit_test(lines_come_whole_in_the_order_of_completion_and_are_counted),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(tail_that_results_share_is_read_with_each_and_held_once),
        cmocka_unit_test(tail_is_freed_with_an_answer_that_nobody_reads),
        cmocka_unit_test(chunk_of_nothing_is_none),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
