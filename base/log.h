/* Log events: a level, a message and typed fields. Where they go is the daemon's business (daemon/log_sink.h); without
 * a sink they go nowhere. An event is one line. Never bodies, credentials or query strings.
 *
 *     log_info("listening", log_text("address", address), log_int("sockets", n)); */
#ifndef FETCHPOOL_BASE_LOG_H
#define FETCHPOOL_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_SECONDS };

/* `text` is borrowed until the call returns; NULL is logged as empty. */
struct log_field {
    const char *name;
    enum log_kind kind;
    const char *text;
    int64_t number; /* LOG_KIND_INT, or microseconds for LOG_KIND_SECONDS */
};

typedef void log_sink_fn(enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* Once at start, before threads. `sink` may be called by any thread at any time. */
void log_set_sink(log_sink_fn *sink);

/* Events above `level` are dropped before they are formatted. Any thread. */
void log_set_level(enum log_level level);

bool log_is_on(enum log_level level);
enum log_level log_get_level(void);

/* One level more (LOG_LEVEL_DEBUG at the most) or less (LOG_LEVEL_ERROR at the least). The new one. */
enum log_level log_raise_level(void);
enum log_level log_lower_level(void);

/* "error", "warning", "info", "debug"; static. */
const char *log_level_name(enum log_level level);

void log_emit(enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* The same, as information, whatever the level. */
void log_emit_always(const char *message, const struct log_field *fields, size_t count);

static inline struct log_field log_text(const char *name, const char *text) {
    return (struct log_field){.name = name, .kind = LOG_KIND_TEXT, .text = text};
}

static inline struct log_field log_int(const char *name, int64_t number) {
    return (struct log_field){.name = name, .kind = LOG_KIND_INT, .number = number};
}

static inline struct log_field log_seconds(const char *name, int64_t value_us) {
    return (struct log_field){.name = name, .kind = LOG_KIND_SECONDS, .number = value_us};
}

/* The first element only lets the list be empty. */
#define LOG_AT(level, message, ...)                                                                                    \
    do {                                                                                                               \
        if (log_is_on(level)) {                                                                                        \
            const struct log_field log_fields[] = {{0}, __VA_ARGS__};                                                  \
            log_emit(level, message, log_fields + 1, sizeof log_fields / sizeof log_fields[0] - 1);                    \
        }                                                                                                              \
    } while (0)

#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) LOG_AT(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
