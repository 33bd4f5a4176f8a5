#include "daemon/log_sink.h"

#include "base/clock.h"
#include "daemon/log_line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static enum settings_log_format sink_format;
static int sink_fd = STDERR_FILENO;

/* Held over the write, since a signal may cut it in two and a pipe keeps only short writes whole. */
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;

static bool may_try_again(void) {
    struct pollfd p = {.fd = sink_fd, .events = POLLOUT};
    if (errno == EINTR)
        return true;
    return errno == EAGAIN && (poll(&p, 1, -1) > 0 || errno == EINTR);
}

static void write_all(const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = write(sink_fd, bytes, len);
        if (n < 0 && !may_try_again())
            return;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}

static void write_event(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    char now[CLOCK_RFC3339_BYTES];
    struct log_line line;
    clock_wall_text(now);
    const struct log_event event = {.time = now, .level = level, .message = message, .fields = fields, .count = count};
    log_line_write(&line, sink_format, &event);
    int logger_errno = errno;
    pthread_mutex_lock(&sink_lock);
    write_all(line.bytes, line.len);
    pthread_mutex_unlock(&sink_lock);
    errno = logger_errno;
}

void log_sink_start(enum settings_log_format format, int fd) {
    sink_format = format;
    sink_fd = fd;
    log_set_sink(write_event);
}
