/* Fetching a list and printing what comes of it, from the beginning to the end. */
#ifndef FETCHPOOL_CLI_RUN_H
#define FETCHPOOL_CLI_RUN_H

#include "cli/exit.h"
#include "cli/option_table.h"

/* The exit status: one of the above, or 128 and the signal that ended it. What went wrong is told on standard error. A
 * reader that left ends the process by SIGPIPE. Not thread-safe. */
int run_list(const struct cli_options *options);

#endif
