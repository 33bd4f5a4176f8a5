/* What the process takes of the machine now. */
#ifndef FETCHPOOL_BASE_USAGE_H
#define FETCHPOOL_BASE_USAGE_H

#include <stdint.h>

/* What cannot be told is 0. */
struct usage {
    uint64_t cpu_us; /* of all threads, user and system */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t threads;
    uint64_t open_files;
    uint64_t max_files;
    uint64_t started_at_us; /* by the wall clock, since 1970 */
};

/* Reads /proc (proc_pid_stat(5), proc_pid_fd(5)), which with many descriptors may take milliseconds. Any thread. */
struct usage usage_read(void);

#endif
