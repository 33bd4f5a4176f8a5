#include "cli/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_STEP_BYTES = 64 * 1024 };

static enum err read_all(int fd, struct buf *out) {
    char step[READ_STEP_BYTES];
    for (;;) {
        ssize_t n = read(fd, step, sizeof step);
        if (n == 0)
            return ERR_NONE;
        if (n < 0 && errno == EINTR)
            continue;
        enum err err = n < 0 ? ERR_IO : buf_append(out, step, (size_t)n);
        if (err)
            return err;
    }
}

enum err read_file(const char *path, struct buf *out) {
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, out);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ERR_IO;
    enum err err = read_all(fd, out);
    int reason = errno;
    (void)close(fd); /* it was only read */
    errno = reason;
    return err;
}
