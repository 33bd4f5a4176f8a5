/* Numbers for people: short, and always in the same few columns. */
#ifndef FETCHPOOL_CLI_UNITS_H
#define FETCHPOOL_CLI_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum { UNITS_BYTES = 24 };

/* "812 us", "4.2 ms", "350 ms", "1.25 s", "12.5 s", "3:25", "1:02:03". */
void units_time(int64_t time_us, char ret_text[UNITS_BYTES]);

/* "512 B", "1.5 KiB", "20 MiB". */
void units_size(int64_t bytes, char ret_text[UNITS_BYTES]);

/* "0:07", "3:25", "1:02:03": a time that runs. */
void units_clock(int64_t seconds, char ret_text[UNITS_BYTES]);

/* "7", "12,345". */
void units_count(size_t count, char ret_text[UNITS_BYTES * 2]);

#endif
