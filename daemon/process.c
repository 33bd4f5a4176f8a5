#include "daemon/process.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { PROCESS_UMASK = 077, PROCESS_NAME_BYTES = 64 };

extern char **environ;

/* The limit alone does not bind a program that the kernel hands cores to. */
static void forbid_cores(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none); /* lowering it cannot fail, unless it is filtered; then the next holds */
#ifndef FETCHPOOL_SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static bool is_unwanted(const char *name, size_t len) {
    static const char proxy[] = "_proxy";
    size_t end = sizeof proxy - 1;
    return (len > end && strncasecmp(name + len - end, proxy, end) == 0) ||
           (len == strlen("SSLKEYLOGFILE") && memcmp(name, "SSLKEYLOGFILE", len) == 0);
}

static bool forget_one(void) {
    char name[PROCESS_NAME_BYTES];
    for (char **entry = environ; entry && *entry; entry++) {
        size_t len = strcspn(*entry, "=");
        if (len >= sizeof name || !is_unwanted(*entry, len))
            continue;
        memcpy(name, *entry, len);
        name[len] = '\0';
        return unsetenv(name) == 0;
    }
    return false;
}

void process_close_up(void) {
    forbid_cores();
    (void)umask(PROCESS_UMASK);
    while (forget_one())
        continue;
}
