/* Time. Everything that is measured or waited for uses the monotonic clock; the wall clock is for people and logs
 * only. */
#ifndef FETCHPOOL_BASE_CLOCK_H
#define FETCHPOOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Larger than any time that clock_now_ms gives: "never". */
#define CLOCK_NEVER INT64_MAX

/* Monotonic, from an arbitrary start. clock_gettime(2). Any thread. */
int64_t clock_now_ms(void);
int64_t clock_now_us(void);

/* The first whole millisecond that is `delay_ms` away or more: what waits until then has not waited too short. */
int64_t clock_after_ms(int64_t delay_ms);

/* A monotonic time in milliseconds as sem_clockwait(3) takes it. */
struct timespec clock_timespec(int64_t at_ms);

/* Wall clock as RFC 3339 in UTC with milliseconds, "2026-11-22T10:00:00.123Z", NUL included in 25 bytes. */
enum { CLOCK_RFC3339_BYTES = 32 };
void clock_wall_text(char ret_text[CLOCK_RFC3339_BYTES]);

/* The same of a monotonic time, as far as the wall clock can tell now. */
void clock_wall_text_at(int64_t at_ms, char ret_text[CLOCK_RFC3339_BYTES]);

#endif
