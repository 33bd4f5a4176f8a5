#include "cli/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Three digits, or two and one behind the point. */
static void put(double value, const char *unit, char ret_text[UNITS_BYTES]) {
    (void)snprintf(ret_text, UNITS_BYTES,
                   value < 9.995   ? "%.2f %s"
                   : value < 99.95 ? "%.1f %s"
                                   : "%.0f %s",
                   value, unit);
}

void units_clock(int64_t seconds, char ret_text[UNITS_BYTES]) {
    if (seconds < 3600)
        (void)snprintf(ret_text, UNITS_BYTES, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
    else
        (void)snprintf(ret_text, UNITS_BYTES, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
}

void units_time(int64_t time_us, char ret_text[UNITS_BYTES]) {
    if (time_us < 1000)
        (void)snprintf(ret_text, UNITS_BYTES, "%" PRId64 " us", time_us);
    else if (time_us < 999500)
        put((double)time_us / 1e3, "ms", ret_text);
    else if (time_us < 99950000)
        put((double)time_us / 1e6, "s", ret_text);
    else
        units_clock((time_us + 500000) / 1000000, ret_text);
}

void units_size(int64_t bytes, char ret_text[UNITS_BYTES]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        (void)snprintf(ret_text, UNITS_BYTES, "%" PRId64 " B", bytes);
    else
        put(value, units[unit], ret_text);
}

void units_count(size_t count, char ret_text[UNITS_BYTES * 2]) {
    char digits[UNITS_BYTES];
    int len = snprintf(digits, sizeof digits, "%zu", count);
    char *out = ret_text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
}
