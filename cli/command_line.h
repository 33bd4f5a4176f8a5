/* The command line of fetchpool: option_table.h, read by getopt_long(3). */
#ifndef FETCHPOOL_CLI_COMMAND_LINE_H
#define FETCHPOOL_CLI_COMMAND_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/option_table.h"

/* ERR_INVALID, and ERR_IO for the file of --data: `error` says what is wrong. `argv` is borrowed and reordered, the
 * arena keeps what the options point at. Reads the file that --data names. Not thread-safe. */
enum err command_line_parse(int argc, char **argv, struct arena *arena, struct cli_options *ret_options) ERR_MUST_CHECK;

/* Appends --help. ERR_LIMIT, ERR_NOMEM. */
enum err command_line_help(struct buf *out) ERR_MUST_CHECK;

#endif
