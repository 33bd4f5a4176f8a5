/* A file read whole. */
#ifndef FETCHPOOL_CLI_READ_FILE_H
#define FETCHPOOL_CLI_READ_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the content of the file, or of standard input for "-". ERR_IO: errno tells why. ERR_LIMIT and ERR_NOMEM of
 * the buffer. Blocks. */
enum err read_file(const char *path, struct buf *out) ERR_MUST_CHECK;

#endif
