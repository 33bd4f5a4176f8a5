/* The command line of fetchpool. getopt_long(3). */
#ifndef FETCHPOOL_CLI_OPTIONS_H
#define FETCHPOOL_CLI_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLI_ERROR_BYTES = 256, CLI_MAX_CONCURRENT = 1000 };

struct cli_options {
    bool help;
    bool version;
    size_t max_concurrent;
    int64_t timeout_ms;
    unsigned include; /* enum fetch_include */
    char **urls;      /* borrowed from argv */
    size_t url_count; /* 0: they come from standard input, one in each line */
    char error[CLI_ERROR_BYTES];
};

extern const char cli_usage[];

/* ERR_INVALID: `error` says what is wrong. `argv` is borrowed and reordered. Not thread-safe. */
enum err cli_options_parse(int argc, char **argv, struct cli_options *ret_options) ERR_MUST_CHECK;

#endif
