#include "base/clock.h"

#include <stdio.h>
#include <string.h>

int64_t clock_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void) {
    return clock_now_us() / 1000;
}

int64_t clock_after_ms(int64_t delay_ms) {
    return (clock_now_us() + 999) / 1000 + delay_ms;
}

struct timespec clock_timespec(int64_t at_ms) {
    return (struct timespec){.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};
}

static void write_wall(struct timespec at, char ret_text[CLOCK_RFC3339_BYTES]) {
    struct tm utc;
    char seconds[24];
    if (!gmtime_r(&at.tv_sec, &utc) || strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        seconds[0] = '\0';
    (void)snprintf(ret_text, CLOCK_RFC3339_BYTES, "%s.%03dZ", seconds, (int)(at.tv_nsec / 1000000));
}

void clock_wall_text(char ret_text[CLOCK_RFC3339_BYTES]) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    write_wall(now, ret_text);
}

/* The two clocks are not read at one moment: to the nearest millisecond they agree. */
void clock_wall_text_at(int64_t at_ms, char ret_text[CLOCK_RFC3339_BYTES]) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    int64_t ahead_us = at_ms * 1000 - clock_now_us();
    int64_t wall_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + ahead_us;
    write_wall(clock_timespec((wall_us + 500) / 1000), ret_text);
}
