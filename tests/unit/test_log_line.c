#include "daemon/log_line.h"

#include "base/utf8.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define TIME "2026-11-22T10:00:00.123Z"

static struct log_line line;

static void write_line(enum settings_log_format format, enum log_level level, const char *message,
                       const struct log_field *fields, size_t count) {
    const struct log_event event = {TIME, level, message, fields, count};
    memset(&line, 0, sizeof line);
    log_line_write(&line, format, &event);
    assert_true(line.len <= sizeof line.bytes);
    assert_int_equal(line.bytes[line.len - 1], '\n');
    assert_true(utf8_is_valid(line.bytes, line.len));
    size_t controls = 0;
    for (size_t i = 0; i < line.len - 1; i++)
        controls += (unsigned char)line.bytes[i] < 0x20 || line.bytes[i] == 0x7F;
    assert_int_equal(controls, 0);
}

static void assert_line(const char *text) {
    assert_int_equal(line.len, strlen(text));
    assert_memory_equal(line.bytes, text, line.len);
}

static void assert_text_written(enum settings_log_format format, const char *value, const char *text) {
    const struct log_field fields[] = {log_text("k", value)};
    write_line(format, LOG_LEVEL_INFO, "m", fields, 1);
    assert_line(text);
}

TEST(logfmt_has_time_level_message_and_fields) {
    const struct log_field fields[] = {log_text("address", "127.0.0.1:43121"), log_int("n", -5),
                                       log_seconds("t", 1500000)};
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "listening", fields, 3);
    assert_line("ts=" TIME " level=info msg=listening address=127.0.0.1:43121 n=-5 t=1.5\n");
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR, "A done after 0.1s", NULL, 0);
    assert_line("ts=" TIME " level=error msg=\"A done after 0.1s\"\n");
}

TEST(json_is_one_object) {
    const struct log_field fields[] = {log_text("address", "127.0.0.1:43121"), log_int("n", -5), log_seconds("t", 0)};
    write_line(LOG_FORMAT_JSON, LOG_LEVEL_WARNING, "a \"b\"", fields, 3);
    assert_line("{\"ts\":\"" TIME "\",\"level\":\"warning\",\"msg\":\"a \\\"b\\\"\",\"address\":\"127.0.0.1:43121\","
                "\"n\":-5,\"t\":0.0}\n");
}

TEST(journal_has_the_priority_in_front) {
    static const char *const lines[] = {"<3>it is so k=v\n", "<4>it is so k=v\n", "<6>it is so k=v\n",
                                        "<7>it is so k=v\n"};
    const struct log_field fields[] = {log_text("k", "v")};
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        write_line(LOG_FORMAT_JOURNAL, (enum log_level)level, "it is so", fields, 1);
        assert_line(lines[level]);
    }
}

TEST(logfmt_values_are_quoted_where_needed) {
    assert_text_written(LOG_FORMAT_LOGFMT, "", "ts=" TIME " level=info msg=m k=\"\"\n");
    assert_text_written(LOG_FORMAT_LOGFMT, NULL, "ts=" TIME " level=info msg=m k=\"\"\n");
    assert_text_written(LOG_FORMAT_LOGFMT, "a b", "ts=" TIME " level=info msg=m k=\"a b\"\n");
    assert_text_written(LOG_FORMAT_LOGFMT, "a=b", "ts=" TIME " level=info msg=m k=\"a=b\"\n");
    assert_text_written(LOG_FORMAT_LOGFMT, "a\"b\\", "ts=" TIME " level=info msg=m k=\"a\\\"b\\\\\"\n");
    assert_text_written(LOG_FORMAT_LOGFMT, "http://h/p?", "ts=" TIME " level=info msg=m k=http://h/p?\n");
}

TEST(no_text_can_forge_a_line) {
    assert_text_written(LOG_FORMAT_LOGFMT, "a\nts=x", "ts=" TIME " level=info msg=m k=\"a\\nts=x\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "a\r\n<0>b", "<6>m k=\"a\\r\\n<0>b\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\x1b[2J\x7f\t\x01", "<6>m k=\"\\u001b[2J\\u007f\\t\\u0001\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xC2\x9B", "<6>m k=\"\\u009b\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xC2\xA0", "<6>m k=\"\xC2\xA0\"\n");
    write_line(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, "a\nb", NULL, 0);
    assert_line("<6>a\\nb\n");
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "a\nb", NULL, 0);
    assert_line("ts=" TIME " level=info msg=\"a\\nb\"\n");
}

TEST(bytes_that_are_not_utf8_are_replaced) {
    assert_text_written(LOG_FORMAT_JOURNAL, "a\xFF\xC3", "<6>m k=\"a\xEF\xBF\xBD\xEF\xBF\xBD\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "caf\xC3\xA9", "<6>m k=\"caf\xC3\xA9\"\n");
}

static bool ends_with(const char *text) {
    size_t len = strlen(text);
    return line.len >= len && memcmp(line.bytes + line.len - len, text, len) == 0;
}

/* Texts of every kind around the length where the line is full. */
static void assert_cut_well(const char *unit, enum settings_log_format format) {
    static char before[LOG_TEXT_MAX_BYTES], text[LOG_TEXT_MAX_BYTES + 1];
    memset(before, 'x', sizeof before - 1);
    size_t unit_len = strlen(unit);
    size_t begin = (LOG_TEXT_MAX_BYTES - 240) / unit_len * unit_len;
    for (size_t i = 0; i < begin; i++)
        text[i] = unit[i % unit_len];
    for (size_t len = begin; len + unit_len < sizeof text; len += unit_len) {
        memcpy(text + len, unit, unit_len);
        text[len + unit_len] = '\0';
        const struct log_field fields[] = {log_text("b", before), log_text("k", text), log_int("n", 12345678),
                                           log_text("l", "last")};
        write_line(format, LOG_LEVEL_INFO, "m", fields, 4);
        bool whole = ends_with(format == LOG_FORMAT_JSON ? "\"n\":12345678,\"l\":\"last\"}\n" : " n=12345678 l=last\n");
        bool cut = ends_with(format == LOG_FORMAT_JSON ? ",\"truncated\":true}\n" : " truncated=true\n");
        assert_int_equal(whole, !cut);
    }
    assert_true(line.len > LOG_LINE_MAX_BYTES - 64);
}

TEST(long_lines_are_cut_and_say_so) {
    static const char *const units[] = {"x", "y z", "\xE2\x82\xAC", "\"", "\n", "\x01", "\xFF"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        for (int format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JOURNAL; format++)
            assert_cut_well(units[i], (enum settings_log_format)format);
}

TEST(many_fields_are_cut_between_fields) {
    enum { FIELDS = 1000 };
    static struct log_field fields[FIELDS];
    for (int i = 0; i < FIELDS; i++)
        fields[i] = log_int("number", i);
    write_line(LOG_FORMAT_JSON, LOG_LEVEL_INFO, "m", fields, FIELDS);
    assert_true(ends_with(",\"truncated\":true}\n"));
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "m", fields, FIELDS);
    assert_true(ends_with(" truncated=true\n"));
}

TEST(long_text_is_cut_and_costs_no_other_field) {
    static char text[2 * LOG_LINE_MAX_BYTES];
    memset(text, 'm', sizeof text - 1);
    const struct log_field fields[] = {log_text("url", text), log_int("n", 1)};
    write_line(LOG_FORMAT_JSON, LOG_LEVEL_INFO, text, fields + 1, 1);
    assert_true(ends_with("mmm\",\"n\":1,\"truncated\":true}\n"));
    write_line(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, text, fields + 1, 1);
    assert_true(ends_with("mmm n=1 truncated=true\n"));
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "m", fields, 2);
    assert_true(ends_with("mmm n=1 truncated=true\n"));
    assert_int_equal(strspn(strstr(line.bytes, "url=") + 4, "m"), LOG_TEXT_MAX_BYTES);
    text[LOG_TEXT_MAX_BYTES] = '\0';
    write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "m", fields, 2);
    assert_true(ends_with("mmm n=1\n"));
}

/* A character of two to four bytes over the end of what is kept goes as a whole. */
TEST(long_text_is_cut_between_characters) {
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    static char text[LOG_TEXT_MAX_BYTES + 16];
    for (size_t i = 0; i < 3; i++)
        for (size_t at = LOG_TEXT_MAX_BYTES - 5; at <= LOG_TEXT_MAX_BYTES; at++) {
            memset(text, 'm', sizeof text - 1);
            memcpy(text + at, characters[i], strlen(characters[i]));
            const struct log_field fields[] = {log_text("k", text)};
            write_line(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, "m", fields, 1);
            assert_true(ends_with(" truncated=true\n"));
            assert_null(strstr(line.bytes, "\xEF\xBF\xBD"));
        }
}

TEST(what_turns_or_breaks_a_line_for_its_reader_is_escaped) {
    assert_text_written(LOG_FORMAT_JOURNAL,
                        "a\xE2\x80\xAE"
                        "b",
                        "<6>m k=\"a\\u202eb\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xE2\x80\xA8\xE2\x80\xA9", "<6>m k=\"\\u2028\\u2029\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xE2\x81\xA6\xE2\x81\xA9", "<6>m k=\"\\u2066\\u2069\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "<6>m k=\"\\u200e\\u200f\\u061c\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xE2\x80\x8D\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA",
                        "<6>m k=\"\xE2\x80\x8D\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA\"\n");
    assert_text_written(LOG_FORMAT_JOURNAL, "\xF0\x92\x80\xAE", "<6>m k=\"\xF0\x92\x80\xAE\"\n");
    write_line(LOG_FORMAT_JSON, LOG_LEVEL_INFO, "\xE2\x80\xAE", NULL, 0);
    assert_true(ends_with("\"msg\":\"\\u202e\"}\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_has_time_level_message_and_fields),
        cmocka_unit_test(json_is_one_object),
        cmocka_unit_test(journal_has_the_priority_in_front),
        cmocka_unit_test(logfmt_values_are_quoted_where_needed),
        cmocka_unit_test(no_text_can_forge_a_line),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(long_lines_are_cut_and_say_so),
        cmocka_unit_test(many_fields_are_cut_between_fields),
        cmocka_unit_test(long_text_is_cut_and_costs_no_other_field),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(what_turns_or_breaks_a_line_for_its_reader_is_escaped),
    };
    return cmocka_run_group_tests_name("log_line", tests, NULL, NULL);
}
