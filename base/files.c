#include "base/files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_RESERVED = 65536 };

enum err files_raise_limit(int64_t *ret_files) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ERR_IO;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ERR_IO;
    *ret_files = limit.rlim_cur > (rlim_t)INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur;
    return ERR_NONE;
}

void files_reserve(int64_t files) {
    int64_t last = files < FILES_RESERVED ? files : FILES_RESERVED;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, (int)last - 1);
    if (fd >= 0)
        (void)close(fd); /* a copy of standard error */
}
