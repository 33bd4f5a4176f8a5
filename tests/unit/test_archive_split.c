#include "cli/archive_split.h"

#include "unit.h"

#include <string.h>

static const char archive[] = "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"{[\"},\"entries\":[{\"a\":[{}],"
                              "\"b\":\"}]\\\"}\\\\\"},\n{}]}}\n";

/* The entries with '|' behind each, when the text comes in pieces of `size` bytes. */
static void assert_entries(const char *text, size_t size, const char *expected, bool is_whole) {
    struct archive_split s = {0};
    char found[256];
    size_t n = 0, len = strlen(text);
    for (size_t at = 0; at < len;) {
        size_t left = size - at % size;
        struct archive_piece piece = archive_split_next(&s, text + at, left < len - at ? left : len - at);
        assert_true(piece.len > 0 && piece.start <= piece.len && n + piece.len + 2 < sizeof found);
        memcpy(found + n, text + at + piece.start, piece.len - piece.start);
        n += piece.len - piece.start;
        if (piece.is_whole)
            found[n++] = '|';
        at += piece.len;
    }
    found[n] = '\0';
    assert_string_equal(found, expected);
    assert_int_equal(s.is_whole, is_whole);
}

TEST(entries_are_found_in_pieces_of_any_size) {
    for (size_t size = 1; size <= sizeof archive; size++)
        assert_entries(archive, size, "{\"a\":[{}],\"b\":\"}]\\\"}\\\\\"}|{}|", true);
}

TEST(an_archive_without_entries_is_whole) {
    assert_entries("{\"log\":{\"entries\":[]}}\n", 7, "", true);
}

TEST(what_ends_before_is_not_whole) {
    assert_entries("{\"log\":{\"entries\":[{\"a\":1},{\"b", 5, "{\"a\":1}|{\"b", false);
    assert_entries("{\"log\":{\"entries\":[{\"a\":1}]}", 5, "{\"a\":1}|", false);
}

TEST(what_is_no_archive_has_no_entries) {
    assert_entries("]]}} \"{[{[\" nothing", 4, "", false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_in_pieces_of_any_size),
        cmocka_unit_test(an_archive_without_entries_is_whole),
        cmocka_unit_test(what_ends_before_is_not_whole),
        cmocka_unit_test(what_is_no_archive_has_no_entries),
    };
    return cmocka_run_group_tests_name("archive_split", tests, NULL, NULL);
}
