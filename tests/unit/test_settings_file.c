#include "config/settings_file.h"
#include "unit.h"
#include "unit_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char seen[2000];
static struct settings_file_error wrong;
static int refused_line;

static enum err note_line(void *arg, int line, const char *section, const char *key, const char *value) {
    size_t at = strlen(seen);
    assert_ptr_equal(arg, seen);
    if (line == refused_line)
        return ERR_LIMIT;
    if (key)
        (void)snprintf(seen + at, sizeof seen - at, "%d %s.%s=%s|", line, section, key, value);
    else
        (void)snprintf(seen + at, sizeof seen - at, "%d [%s]|", line, section);
    return ERR_NONE;
}

static enum err read_path(const char *path) {
    seen[0] = '\0';
    wrong = (struct settings_file_error){0};
    return settings_file_read(path, note_line, seen, &wrong);
}

static void assert_seen(const char *text, const char *lines) {
    assert_int_equal(read_path(unit_file_write_text(text)), ERR_NONE);
    assert_string_equal(seen, lines);
}

static void assert_refused(const char *text, int line, const char *reason) {
    assert_int_equal(read_path(unit_file_write_text(text)), ERR_INVALID);
    assert_int_equal(wrong.line, line);
    assert_string_equal(wrong.reason, reason);
}

TEST(lines_come_with_their_numbers) {
    assert_seen("", "");
    assert_seen("# comment\n\n[a]\nb = c\n; comment\nd=e f\n[g]\nh: i", "3 [a]|4 a.b=c|6 a.d=e f|7 [g]|8 g.h=i|");
}

TEST(blanks_around_do_not_count) {
    assert_seen("  [a]  \n\tb =  c  \n   d=e\r\n", "1 [a]|2 a.b=c|3 a.d=e|");
}

TEST(indented_line_continues_nothing) {
    assert_seen("[a]\nb = c\n   d = e\n", "1 [a]|2 a.b=c|3 a.d=e|");
    assert_refused("[a]\nb = c\n   more\n", 3, "must be [section] or key = value");
}

TEST(value_may_be_empty_or_end_in_a_comment) {
    assert_seen("[a]\nb =\nc = d ; comment\ne = f;g\nh = #i\n", "1 [a]|2 a.b=|3 a.c=d|4 a.e=f;g|5 a.h=#i|");
}

TEST(byte_order_mark_is_passed_over) {
    assert_seen("\xEF\xBB\xBF# comment\n[a]\nb=c\n", "2 [a]|3 a.b=c|");
}

TEST(lines_that_are_no_ini_are_refused) {
    assert_refused("[a]\nb\n", 2, "must be [section] or key = value");
    assert_refused("\n[a\n", 2, "must be [section] or key = value");
    assert_refused("[a] b = c\n", 1, "nothing may follow the ']'");
    assert_seen("[a] # b\n[c] ; d\n", "1 [a]|2 [c]|");
}

TEST(first_wrong_line_is_told) {
    assert_refused("[a]\nb\n[c] d\n", 2, "must be [section] or key = value");
    assert_refused("[a]\n[c] d\nb\n", 2, "nothing may follow the ']'");
}

TEST(nul_byte_is_refused) {
    assert_int_equal(read_path(unit_file_write("[a]\nb = c\0d\n", 12)), ERR_INVALID);
    assert_int_equal(wrong.line, 2);
    assert_string_equal(wrong.reason, "the line has a NUL byte");
}

TEST(line_length_is_bounded) {
    char text[400] = "[a]\nb=";
    memset(text + 6, 'x', 195);
    assert_int_equal(read_path(unit_file_write_text(text)), ERR_NONE);
    assert_int_equal(strlen(seen), strlen("1 [a]|2 a.b=|") + 195);
    text[6 + 195] = 'x';
    assert_refused(text, 2, "the line is too long (a list may be given over several lines)");
}

TEST(caller_may_end_the_reading) {
    refused_line = 2;
    assert_int_equal(read_path(unit_file_write_text("[a]\nb=c\nd=e\nno ini\n")), ERR_LIMIT);
    assert_int_equal(wrong.line, 2);
    assert_null(wrong.reason);
    assert_string_equal(seen, "1 [a]|");
    assert_int_equal(read_path(unit_file_write_text("[a]\n[b]\nd=e\n")), ERR_LIMIT);
    assert_string_equal(seen, "1 [a]|");
    refused_line = 0;
}

TEST(file_that_cannot_be_read_is_told_from_a_wrong_one) {
    assert_int_equal(read_path("/nonexistent/fetchpool.conf"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(read_path("/"), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

static int end(void **state) {
    (void)state;
    unit_file_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_with_their_numbers),
        cmocka_unit_test(blanks_around_do_not_count),
        cmocka_unit_test(indented_line_continues_nothing),
        cmocka_unit_test(value_may_be_empty_or_end_in_a_comment),
        cmocka_unit_test(byte_order_mark_is_passed_over),
        cmocka_unit_test(lines_that_are_no_ini_are_refused),
        cmocka_unit_test(first_wrong_line_is_told),
        cmocka_unit_test(nul_byte_is_refused),
        cmocka_unit_test(line_length_is_bounded),
        cmocka_unit_test(caller_may_end_the_reading),
        cmocka_unit_test(file_that_cannot_be_read_is_told_from_a_wrong_one),
    };
    return cmocka_run_group_tests_name("settings_file", tests, NULL, end);
}
