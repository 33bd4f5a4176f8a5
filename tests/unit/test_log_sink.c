#include "daemon/log_sink.h"

#include "base/log.h"
#include "base/thread.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, LINES_EACH = 100, VALUE_BYTES = 2000 };

static int ends[2];

static int begin(void **state) {
    (void)state;
    log_set_level(LOG_LEVEL_INFO);
    return pipe2(ends, O_CLOEXEC);
}

static int end(void **state) {
    (void)state;
    log_set_sink(NULL);
    (void)close(ends[0]); /* the test is over */
    (void)close(ends[1]);
    return 0;
}

TEST(event_becomes_a_line) {
    char line[200] = "";
    log_sink_start(LOG_FORMAT_JOURNAL, ends[1]);
    log_info("listening", log_text("address", "unix:/x"));
    log_debug("not shown");
    log_error("last");
    ssize_t n = read(ends[0], line, sizeof line - 1);
    assert_int_equal(n, strlen("<6>listening address=unix:/x\n<3>last\n"));
    assert_string_equal(line, "<6>listening address=unix:/x\n<3>last\n");
}

TEST(line_has_the_time) {
    char line[200] = "";
    log_sink_start(LOG_FORMAT_LOGFMT, ends[1]);
    log_info("ready");
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_int_equal(strncmp(line, "ts=2", 4), 0);
    assert_string_equal(line + strlen("ts=2026-11-22T10:00:00.123Z"), " level=info msg=ready\n");
}

static void *log_many(void *arg) {
    static char value[VALUE_BYTES + 1];
    memset(value, 'v', VALUE_BYTES);
    for (int i = 0; i < LINES_EACH; i++)
        log_info("m", log_text("value", arg ? value : ""), log_int("end", i));
    return NULL;
}

static void read_lines(unsigned lines) {
    static char text[VALUE_BYTES * 2];
    FILE *file = fdopen(dup(ends[0]), "r");
    assert_non_null(file);
    for (unsigned i = 0; i < lines; i++) {
        assert_non_null(fgets(text, sizeof text, file));
        assert_int_equal(strncmp(text, "<6>m value=vvv", 14), 0);
        assert_int_equal(strspn(text + 11, "v"), VALUE_BYTES);
        assert_int_equal(strncmp(text + 11 + VALUE_BYTES, " end=", 5), 0);
        assert_int_equal(strchr(text, '\n') - text, strlen(text) - 1);
    }
    assert_int_equal(fclose(file), 0);
}

static void assert_lines_stay_whole(void) {
    pthread_t threads[THREADS];
    log_sink_start(LOG_FORMAT_JOURNAL, ends[1]);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(thread_start("fp-log", log_many, ends, false, &threads[i]), ERR_NONE);
    read_lines(THREADS * LINES_EACH);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

TEST(lines_of_several_threads_never_mix) {
    assert_lines_stay_whole();
}

TEST(full_pipe_that_does_not_block_is_waited_for) {
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_lines_stay_whole();
}

/* Everything in the pipe, up to the end of a line. */
static void read_all(char *text, size_t size) {
    ssize_t n = read(ends[0], text, size - 1);
    assert_true(n > 0);
    text[n] = '\0';
}

TEST(reader_that_does_not_read_costs_lines_and_is_told_how_many) {
    static char text[65536];
    log_sink_start(LOG_FORMAT_JOURNAL, ends[1]);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 16384) == 16384);
    for (int i = 0; i < 2000; i++)
        log_info("m", log_int("number", i));
    read_all(text, sizeof text);
    assert_int_equal(strncmp(text, "<6>m number=0\n", 14), 0);
    log_info("again");
    read_all(text, sizeof text);
    assert_int_equal(strncmp(text, "<4>log lines lost lines=", 24), 0);
    assert_non_null(strstr(text, "\n<6>again\n"));
}

TEST(closed_pipe_loses_lines_only) {
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    log_sink_start(LOG_FORMAT_JSON, ends[1]);
    assert_int_equal(close(ends[0]), 0);
    errno = EDOM;
    log_info("nobody hears this");
    assert_int_equal(errno, EDOM);
    const struct timespec at_once = {0};
    (void)sigtimedwait(&pipe_signal, NULL, &at_once);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    ends[0] = dup(ends[1]); /* for end() */
}

#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SINK_TEST(event_becomes_a_line),
        SINK_TEST(line_has_the_time),
        SINK_TEST(lines_of_several_threads_never_mix),
        SINK_TEST(full_pipe_that_does_not_block_is_waited_for),
        SINK_TEST(reader_that_does_not_read_costs_lines_and_is_told_how_many),
        SINK_TEST(closed_pipe_loses_lines_only),
    };
    return cmocka_run_group_tests_name("log_sink", tests, NULL, NULL);
}
