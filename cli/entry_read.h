/* A result from the entries of an HTTP Archive that result_har has written, in a daemon. */
#ifndef FETCHPOOL_CLI_ENTRY_READ_H
#define FETCHPOOL_CLI_ENTRY_READ_H

#include "base/err.h"
#include "cli/result_read.h"

/* Reads an entry, `text[len]` is a NUL, into an initialised result: of its body the content, of its requests nothing.
 * `ret_is_last` false: the entry is of a redirect, and the result stands in one that follows. ERR_INVALID: it is no
 * such entry. ERR_NOMEM. */
enum err entry_read(const char *text, size_t len, struct result_line *ret_line, struct fetch_result *result,
                    bool *ret_is_last) ERR_MUST_CHECK;

#endif
