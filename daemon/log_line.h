/* Writes one log event as one line.
 *
 *     logfmt   ts=2026-11-22T10:00:00.123Z level=info msg=listening address=127.0.0.1:43121
 *     json     {"ts":"2026-11-22T10:00:00.123Z","level":"info","msg":"listening","address":"127.0.0.1:43121"}
 *     journal  <6>listening address=127.0.0.1:43121        (sd-daemon(3); the journal has its own time; where the
 *                                                          journal itself is written to, daemon/journal.h)
 *
 * Whatever the texts hold, the line stays one line of printable UTF-8: control characters, those that change the
 * direction of writing, and the line and paragraph separators are escaped as in JSON, bytes that are not UTF-8 become
 * U+FFFD. What does not fit is cut and the line ends in truncated=true. */
#ifndef FETCHPOOL_DAEMON_LOG_LINE_H
#define FETCHPOOL_DAEMON_LOG_LINE_H

#include "base/log.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* A pipe that is writable at all takes so much at once: PIPE_BUF. */
enum { LOG_LINE_MAX_BYTES = 4096 };

/* One text, a long URL, must not cost the fields behind it. */
enum { LOG_TEXT_MAX_BYTES = 2048 };

/* On the stack of who logs. `bytes` and `len` may be read, the newline is part of them; the rest is private. */
struct log_line {
    char bytes[LOG_LINE_MAX_BYTES];
    size_t len;
    size_t room;    /* how far texts may go */
    bool cut;       /* the line is full */
    bool shortened; /* a text was too long */
};

/* `time` is RFC 3339; borrows all for the call. Any thread. */
struct log_event {
    const char *time;
    enum log_level level;
    const char *message;
    const struct log_field *fields;
    size_t count;
};
void log_line_write(struct log_line *ret_line, enum settings_log_format format, const struct log_event *event);

/* The value of one field alone, without quotes and newline. Any thread. */
void log_line_write_value(struct log_line *ret_line, const struct log_field *field);

#endif
