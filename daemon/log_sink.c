#include "daemon/log_sink.h"

#include "base/clock.h"
#include "daemon/journal.h"
#include "daemon/log_line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

enum { SINK_PATIENCE_MS = 500 };

static int sink_fd = STDERR_FILENO;
static int journal_fd = -1; /* the journal, when `sink_fd` leads there */

/* Held over the write, since a signal may cut it in two and a pipe keeps only short writes whole. */
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;

/* Guarded by the lock. */
static enum settings_log_format sink_format;
static bool sink_is_stalled;
static int64_t lost_lines;

/* Waits for a reader that does not read, but not for long, and only once: the log must not stop the service. */
static bool is_writable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int64_t end_ms = clock_now_ms() + (sink_is_stalled ? 0 : SINK_PATIENCE_MS);
    int n;
    do { /* a worker's interrupt must not cut the wait short, or write would wait instead */
        int64_t left_ms = end_ms - clock_now_ms();
        n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (n < 0 && errno == EINTR);
    sink_is_stalled = n == 0;
    return n != 0; /* an error is told by write */
}

static bool write_all(const char *bytes, size_t len) {
    while (len > 0) {
        if (!is_writable(sink_fd))
            return false;
        ssize_t n = write(sink_fd, bytes, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* True as well when the journal takes no entries: lines to the descriptor may still get there. */
static bool write_entry(const struct log_event *event, bool *ret_written) {
    static struct journal_entry entry; /* guarded by the lock; too large for the stacks of workers */
    journal_entry_write(&entry, event);
    if (!is_writable(journal_fd))
        return false;
    *ret_written = journal_send(journal_fd, &entry);
    return true;
}

static bool write_line(const struct log_event *event) {
    struct log_line line;
    bool written = false;
    if (sink_format == LOG_FORMAT_JOURNAL && journal_fd >= 0 && !write_entry(event, &written))
        return false;
    if (written)
        return true;
    log_line_write(&line, sink_format, event);
    return write_all(line.bytes, line.len);
}

static bool tell_lost(const char *now) {
    const struct log_field count = log_int("lines", lost_lines);
    const struct log_event event = {
        .time = now, .level = LOG_LEVEL_WARNING, .message = "log lines lost", .fields = &count, .count = 1};
    if (lost_lines > 0 && !write_line(&event))
        return false;
    lost_lines = 0;
    return true;
}

static void write_event(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    char now[CLOCK_RFC3339_BYTES];
    clock_wall_text(now);
    const struct log_event event = {.time = now, .level = level, .message = message, .fields = fields, .count = count};
    int logger_errno = errno;
    pthread_mutex_lock(&sink_lock);
    if (!tell_lost(now) || !write_line(&event))
        lost_lines++;
    pthread_mutex_unlock(&sink_lock);
    errno = logger_errno;
}

void log_sink_start(enum settings_log_format format, int fd) {
    sink_format = format;
    sink_fd = fd;
    journal_fd = journal_is_behind(fd) ? journal_open() : -1;
    log_set_sink(write_event);
}

void log_sink_use(enum settings_log_format format) {
    pthread_mutex_lock(&sink_lock);
    sink_format = format;
    pthread_mutex_unlock(&sink_lock);
}
