#include "base/buf.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void assert_content(const struct buf *b, const char *text) {
    assert_int_equal(b->len, strlen(text));
    assert_memory_equal(b->data, text, b->len);
}

TEST(new_buffer_holds_nothing) {
    struct buf b;
    buf_init(&b, 10);
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

TEST(appends_follow_each_other) {
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(buf_append(&b, "abc", 3), ERR_NONE);
    assert_int_equal(buf_append_text(&b, "de"), ERR_NONE);
    assert_int_equal(buf_append_char(&b, 'f'), ERR_NONE);
    assert_int_equal(buf_printf(&b, "-%d", 7), ERR_NONE);
    assert_int_equal(buf_append(&b, NULL, 0), ERR_NONE);
    assert_content(&b, "abcdef-7");
    buf_fini(&b);
    assert_null(b.data);
}

TEST(maximum_is_exact) {
    for (size_t max = 0; max < 400; max++) {
        struct buf b;
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_append_char(&b, 'x'), ERR_NONE);
        assert_int_equal(buf_append_char(&b, 'x'), ERR_LIMIT);
        assert_int_equal(buf_append(&b, "", 0), ERR_NONE);
        assert_int_equal(b.len, max);
        assert_true(b.capacity <= max);
        buf_fini(&b);
    }
}

TEST(append_past_the_maximum_changes_nothing) {
    struct buf b;
    buf_init(&b, 8);
    assert_int_equal(buf_append_text(&b, "12345"), ERR_NONE);
    assert_int_equal(buf_append_text(&b, "6789"), ERR_LIMIT);
    assert_int_equal(buf_printf(&b, "%s", "6789"), ERR_LIMIT);
    assert_int_equal(buf_append(&b, "x", SIZE_MAX), ERR_LIMIT);
    assert_content(&b, "12345");
    assert_int_equal(buf_append_text(&b, "678"), ERR_NONE);
    assert_content(&b, "12345678");
    buf_fini(&b);
}

TEST(reserve_of_an_impossible_size_fails) {
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_int_equal(buf_append_text(&b, "x"), ERR_NONE);
    unit_fail_allocation(1); /* sanitizers would end the program for such a size */
    assert_int_equal(buf_reserve(&b, SIZE_MAX - 1), ERR_NOMEM);
    unit_fail_allocation(0);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
    assert_content(&b, "x");
    buf_fini(&b);
}

TEST(printf_of_every_length_is_whole) {
    char text[600];
    memset(text, 'y', sizeof text);
    for (int len = 0; len < (int)sizeof text; len++) {
        struct buf b;
        buf_init(&b, 10000);
        assert_int_equal(buf_printf(&b, "<%.*s>", len, text), ERR_NONE);
        assert_int_equal(b.len, len + 2);
        assert_int_equal(b.data[0], '<');
        assert_int_equal(b.data[b.len - 1], '>');
        buf_fini(&b);
    }
}

TEST(printf_fills_to_the_maximum) {
    char text[500];
    memset(text, 'y', sizeof text);
    struct buf b;
    buf_init(&b, sizeof text);
    assert_int_equal(buf_printf(&b, "%.*s", (int)sizeof text, text), ERR_NONE);
    assert_int_equal(b.len, sizeof text);
    assert_int_equal(buf_printf(&b, "%s", "z"), ERR_LIMIT);
    buf_fini(&b);
}

TEST(terminate_counts_towards_the_maximum_only) {
    struct buf b;
    buf_init(&b, 4);
    assert_int_equal(buf_append_text(&b, "abc"), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    assert_string_equal(b.data, "abc");
    assert_int_equal(b.len, 3);
    assert_int_equal(buf_append_char(&b, 'd'), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_LIMIT);
    assert_content(&b, "abcd");
    buf_fini(&b);
}

TEST(cleared_buffer_keeps_its_memory) {
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_append_text(&b, "abc"), ERR_NONE);
    const char *data = b.data;
    buf_clear(&b);
    assert_int_equal(buf_append_text(&b, "de"), ERR_NONE);
    assert_ptr_equal(b.data, data);
    assert_content(&b, "de");
    buf_fini(&b);
}

TEST(taken_content_belongs_to_the_taker) {
    struct buf b;
    size_t len = 1;
    buf_init(&b, 100);
    assert_null(buf_take(&b, &len));
    assert_int_equal(len, 0);
    assert_int_equal(buf_append_text(&b, "abc"), ERR_NONE);
    char *data = buf_take(&b, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(data, "abc", 3);
    assert_null(b.data);
    assert_int_equal(buf_append_text(&b, "more"), ERR_NONE);
    assert_memory_equal(data, "abc", 3);
    free(data);
    buf_fini(&b);
}

TEST(append_without_memory_changes_nothing) {
    struct buf b;
    char text[400] = {0};
    buf_init(&b, 1000);
    assert_int_equal(buf_append_text(&b, "abc"), ERR_NONE);
    unit_fail_allocation(1);
    assert_int_equal(buf_append(&b, text, sizeof text), ERR_NOMEM);
    assert_int_equal(buf_printf(&b, "%300d", 1), ERR_NOMEM);
    unit_fail_allocation(0);
    assert_content(&b, "abc");
    buf_fini(&b);
}

static void print_long(void) {
    struct buf b;
    buf_init(&b, 1000);
    enum err err = buf_printf(&b, "%300d", 1);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(b.len, err ? 0 : 300);
    buf_fini(&b);
}

TEST(printf_without_memory_appends_nothing) {
    unit_fail_each_allocation(print_long);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_buffer_holds_nothing),
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(maximum_is_exact),
        cmocka_unit_test(append_past_the_maximum_changes_nothing),
        cmocka_unit_test(reserve_of_an_impossible_size_fails),
        cmocka_unit_test(printf_of_every_length_is_whole),
        cmocka_unit_test(printf_fills_to_the_maximum),
        cmocka_unit_test(terminate_counts_towards_the_maximum_only),
        cmocka_unit_test(cleared_buffer_keeps_its_memory),
        cmocka_unit_test(taken_content_belongs_to_the_taker),
        cmocka_unit_test(append_without_memory_changes_nothing),
        cmocka_unit_test(printf_without_memory_appends_nothing),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
