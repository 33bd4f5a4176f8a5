#include "daemon/journal.h"

#include "unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct journal_entry entry;

static void write_entry(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    const struct log_event event = {.time = "", .level = level, .message = message, .fields = fields, .count = count};
    journal_entry_write(&entry, &event);
}

static void assert_entry(const char *text) {
    assert_int_equal(entry.len, strlen(text));
    assert_memory_equal(entry.bytes, text, entry.len);
}

TEST(event_is_an_entry_with_a_field_for_each_of_its_own) {
    const struct log_field fields[] = {log_text("error_code", "dns"), log_int("index", -1),
                                       log_seconds("elapsed", 1500000), log_text("empty", "")};
    write_entry(LOG_LEVEL_WARNING, "fetch done", fields, 4);
    assert_entry("MESSAGE=fetch done error_code=dns index=-1 elapsed=1.5 empty=\"\"\nPRIORITY=4\n"
                 "SYSLOG_IDENTIFIER=fetchpoold\nFETCHPOOL_ERROR_CODE=dns\nFETCHPOOL_INDEX=-1\nFETCHPOOL_ELAPSED=1.5\n"
                 "FETCHPOOL_EMPTY=\n");
}

TEST(priorities_are_those_of_syslog) {
    static const char *const priorities[] = {"3", "4", "6", "7"};
    char text[100];
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        write_entry((enum log_level)level, "m", NULL, 0);
        (void)snprintf(text, sizeof text, "MESSAGE=m\nPRIORITY=%s\nSYSLOG_IDENTIFIER=fetchpoold\n", priorities[level]);
        assert_entry(text);
    }
}

static bool contains(const char *text) {
    return memmem(entry.bytes, entry.len, text, strlen(text)) != NULL;
}

static size_t count_newlines(void) {
    size_t count = 0;
    for (size_t i = 0; i < entry.len; i++)
        count += entry.bytes[i] == '\n';
    return count;
}

TEST(no_text_adds_a_field_of_its_own) {
    const struct log_field hostile = log_text("host", "a\nPRIORITY=0\nMESSAGE=b\x1b\xff");
    write_entry(LOG_LEVEL_INFO, "m\nPRIORITY=0", &hostile, 1);
    assert_int_equal(count_newlines(), 4);
    assert_true(contains("\nFETCHPOOL_HOST=a\\nPRIORITY=0\\nMESSAGE=b\\u001b\xEF\xBF\xBD\n"));
}

TEST(what_has_no_room_is_left_out_whole) {
    static char text[LOG_TEXT_MAX_BYTES + 1];
    struct log_field fields[16];
    memset(text, 'x', LOG_TEXT_MAX_BYTES);
    for (size_t i = 0; i < 15; i++)
        fields[i] = log_text("long", text);
    fields[15] = log_text("short", "s");
    write_entry(LOG_LEVEL_INFO, "m", fields, 16);
    assert_true(entry.len <= sizeof entry.bytes);
    assert_int_equal(entry.bytes[entry.len - 1], '\n');
    assert_true(contains("\nFETCHPOOL_SHORT=s\n"));
    assert_int_equal(count_newlines(), 3 + 3 + 1);
}

TEST(journal_is_behind_what_its_variable_names) {
    struct stat status;
    char stream[100];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fstat(ends[1], &status), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_true(journal_is_behind(ends[1]));
    assert_false(journal_is_behind(-1));
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + 1);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_false(journal_is_behind(ends[1]));
    assert_int_equal(setenv("JOURNAL_STREAM", "nonsense", 1), 0);
    assert_false(journal_is_behind(ends[1]));
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_false(journal_is_behind(ends[1]));
    (void)close(ends[0]); /* the test is over */
    (void)close(ends[1]);
}

TEST(entry_is_sent_whole_or_not_at_all_and_never_waited_for) {
    int ends[2];
    char received[200];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    write_entry(LOG_LEVEL_INFO, "m", NULL, 0);
    assert_true(journal_send(ends[1], &entry));
    assert_int_equal(recv(ends[0], received, sizeof received, 0), entry.len);
    assert_memory_equal(received, entry.bytes, entry.len);
    unsigned sent = 0;
    while (journal_send(ends[1], &entry)) /* until its queue is full */
        sent++;
    assert_true(sent > 0);
    assert_int_equal(recv(ends[0], received, sizeof received, 0), entry.len);
    assert_int_equal(close(ends[0]), 0);
    assert_false(journal_send(ends[1], &entry)); /* nobody is there; no SIGPIPE */
    (void)close(ends[1]);                        /* the test is over */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_is_an_entry_with_a_field_for_each_of_its_own),
        cmocka_unit_test(priorities_are_those_of_syslog),
        cmocka_unit_test(no_text_adds_a_field_of_its_own),
        cmocka_unit_test(what_has_no_room_is_left_out_whole),
        cmocka_unit_test(journal_is_behind_what_its_variable_names),
        cmocka_unit_test(entry_is_sent_whole_or_not_at_all_and_never_waited_for),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
