#include "base/log.h"

#include <stdatomic.h>

static log_sink_fn *log_sink;
static _Atomic(enum log_level) log_level = LOG_LEVEL_INFO;

void log_set_sink(log_sink_fn *sink) {
    log_sink = sink;
}

void log_set_level(enum log_level level) {
    atomic_store_explicit(&log_level, level, memory_order_relaxed);
}

bool log_is_on(enum log_level level) {
    return log_sink && level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

enum log_level log_get_level(void) {
    return atomic_load_explicit(&log_level, memory_order_relaxed);
}

enum log_level log_raise_level(void) {
    if (log_get_level() < LOG_LEVEL_DEBUG)
        log_set_level(log_get_level() + 1);
    return log_get_level();
}

enum log_level log_lower_level(void) {
    if (log_get_level() > LOG_LEVEL_ERROR)
        log_set_level(log_get_level() - 1);
    return log_get_level();
}

const char *log_level_name(enum log_level level) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return names[level];
}

void log_emit_always(const char *message, const struct log_field *fields, size_t count) {
    if (log_sink)
        log_sink(LOG_LEVEL_INFO, message, fields, count);
}

void log_emit(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    if (log_is_on(level))
        log_sink(level, message, fields, count);
}
