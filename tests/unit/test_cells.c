#include "cli/cells.h"

#include "unit.h"

#include <string.h>

static void assert_cells(const char *text, size_t columns, enum cells_side side, bool utf8, const char *expected) {
    struct buf out;
    buf_init(&out, 10000);
    assert_int_equal(cells_put(&out, text, columns, side, utf8), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, expected);
    buf_fini(&out);
}

TEST(text_is_set_to_its_side) {
    assert_cells("abc", 5, CELLS_LEFT, false, "abc  ");
    assert_cells("abc", 5, CELLS_RIGHT, false, "  abc");
    assert_cells("abc", 3, CELLS_RIGHT, false, "abc");
}

TEST(long_text_loses_its_middle) {
    assert_cells("http://example.com/a/long/path", 16, CELLS_LEFT, false, "http://exa~/path");
    assert_cells("http://example.com/a/long/path", 16, CELLS_LEFT, true, "http://exa…/path");
    assert_cells("abc", 1, CELLS_LEFT, true, "…");
}

TEST(what_moves_the_cursor_is_not_shown) {
    assert_cells("a\x1b[2Jb\x07\x7f", 10, CELLS_LEFT, true, "a?[2Jb??  ");
    assert_cells("\xC2\x9B"
                 "31m",
                 5, CELLS_LEFT, true, "?31m ");
    assert_cells("a\xE2\x80\xAE"
                 "b",
                 4, CELLS_LEFT, true, "a?b ");
}

TEST(what_is_not_utf8_is_a_question_mark) {
    assert_cells("a\xFF\xC3", 4, CELLS_LEFT, true, "a?? ");
    assert_cells("ä", 2, CELLS_LEFT, false, "? ");
    assert_cells("ä", 2, CELLS_LEFT, true, "ä ");
}

TEST(wide_characters_take_two) {
    assert_int_equal(cells_width("日本", true), 4);
    assert_int_equal(cells_width("日本", false), 2);
    assert_cells("日本語です", 6, CELLS_LEFT, true, "日本… ");
    assert_cells("日本", 5, CELLS_RIGHT, true, " 日本");
}

TEST(every_width_is_kept) {
    static const char *const texts[] = {"", "abcdefghij", "日本語です", "aä日\x1b\xFFz"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t columns = 1; columns < 20; columns++) {
            struct buf out;
            buf_init(&out, 1000);
            assert_int_equal(cells_put(&out, texts[i], columns, columns % 2 ? CELLS_LEFT : CELLS_RIGHT, true),
                             ERR_NONE);
            assert_int_equal(buf_terminate(&out), ERR_NONE);
            assert_int_equal(cells_width(out.data, true), columns);
            buf_fini(&out);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_set_to_its_side),
        cmocka_unit_test(long_text_loses_its_middle),
        cmocka_unit_test(what_moves_the_cursor_is_not_shown),
        cmocka_unit_test(what_is_not_utf8_is_a_question_mark),
        cmocka_unit_test(wide_characters_take_two),
        cmocka_unit_test(every_width_is_kept),
    };
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
