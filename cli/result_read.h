/* A result from the JSON that result_json has written, by a daemon. */
#ifndef FETCHPOOL_CLI_RESULT_READ_H
#define FETCHPOOL_CLI_RESULT_READ_H

#include "base/err.h"
#include "base/json_walk.h"
#include "pool/fetch_result.h"

#include <stdbool.h>
#include <stddef.h>

enum { RESULT_READ_CIPHER_BYTES = 64 };

/* What a line of an NDJSON answer is. */
struct result_line {
    bool is_end; /* the last one, which says that nothing is missing */
    size_t index;
    char cipher[RESULT_READ_CIPHER_BYTES]; /* the result borrows it */
};

/* Reads a line, `text[len]` is a NUL, into an initialised result; what it does not know it passes over, but for the
 * names of errors, which it learns: only one thread may call it. A result that was read has a status from 100 to 999 or
 * an error. ERR_INVALID: it is no such line. ERR_NOMEM. */
enum err result_read(const char *text, size_t len, struct result_line *ret_line,
                     struct fetch_result *result) ERR_MUST_CHECK;

/* The same of a value in a text that json_scan_grammar has accepted. */
enum err result_read_part(const struct json_part *object, struct result_line *ret_line,
                          struct fetch_result *result) ERR_MUST_CHECK;

#endif
