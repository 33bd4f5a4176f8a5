#include "base/files.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES_RESERVED = 65536, FILES_SPARE = 64 };

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

void files_fill_standard(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
}

int64_t files_without_spare(int64_t files) {
    return files - (files / 4 < FILES_SPARE ? files / 4 : FILES_SPARE);
}

bool files_is_spare(int fd) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > (rlim_t)INT32_MAX)
        return false;
    return fd >= files_without_spare((int64_t)limit.rlim_cur);
}

bool files_are_left(int count) {
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0)
        return false;
    (void)close(fd); /* it was only to have a number */
    return !files_is_spare(fd + count - 1);
}

int socketpair(int domain, int type, int protocol, int ret_pair[2]) {
    return (int)syscall(SYS_socketpair, domain, type | SOCK_CLOEXEC, protocol, ret_pair);
}
