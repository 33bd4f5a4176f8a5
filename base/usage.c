#include "base/usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Fields of proc_pid_stat(5) by their numbers there. What stands before them is the program's name in brackets. */
enum { USAGE_FIRST_FIELD = 3, USAGE_THREADS = 20, USAGE_STARTED = 22, USAGE_VIRTUAL = 23, USAGE_RESIDENT = 24 };

static uint64_t field(const char *after_name, int number) {
    uint64_t value = 0;
    for (int i = USAGE_FIRST_FIELD; i < number && after_name; i++) {
        after_name = strchr(after_name, ' ');
        after_name = after_name ? after_name + 1 : NULL;
    }
    if (after_name)
        (void)sscanf(after_name, "%" SCNu64, &value); /* else it stays 0 */
    return value;
}

static uint64_t clock_us(clockid_t id) {
    struct timespec now = {.tv_sec = 0};
    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The kernel counts from the boot. */
static uint64_t wall_us(uint64_t ticks) {
    uint64_t since_boot_us = ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    return clock_us(CLOCK_REALTIME) - clock_us(CLOCK_BOOTTIME) + since_boot_us;
}

static void read_stat(struct usage *u) {
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file)
        (void)fclose(file);
    const char *end = strrchr(text, ')');
    const char *after_name = end && end[1] == ' ' ? end + 2 : NULL;
    u->threads = field(after_name, USAGE_THREADS);
    u->virtual_bytes = field(after_name, USAGE_VIRTUAL);
    u->resident_bytes = field(after_name, USAGE_RESIDENT) * (uint64_t)sysconf(_SC_PAGESIZE);
    u->started_at_us = after_name ? wall_us(field(after_name, USAGE_STARTED)) : 0;
}

/* Without the one that is opened for it, and the folder's own two entries. */
static uint64_t count_files(void) {
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count > 3 ? count - 3 : 0;
}

struct usage usage_read(void) {
    struct rlimit files = {.rlim_cur = 0};
    struct usage u = {.cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID), .open_files = count_files()};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    u.max_files = files.rlim_cur;
    read_stat(&u);
    return u;
}
