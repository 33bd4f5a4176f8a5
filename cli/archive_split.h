/* Finds the entries in an HTTP Archive that comes in pieces. Plain; not thread-safe. */
#ifndef FETCHPOOL_CLI_ARCHIVE_SPLIT_H
#define FETCHPOOL_CLI_ARCHIVE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at first. `is_whole` may be read: the archive has come to its end. The rest is private. */
struct archive_split {
    bool is_whole;
    bool in_string;
    bool is_escaped;
    unsigned depth;
};

struct archive_piece {
    size_t len;    /* of the bytes that were looked at */
    size_t start;  /* from there to `len` they are of an entry; `len`: none is */
    bool is_whole; /* the entry ends with them */
};

/* Looks at the bytes up to the end of the next entry, or at all. That what is between the brackets is JSON is not
 * looked at. `len` is not 0. */
struct archive_piece archive_split_next(struct archive_split *s, const char *bytes, size_t len);

#endif
