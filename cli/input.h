/* The list of what is to be fetched: arguments, files, standard input. */
#ifndef FETCHPOOL_CLI_INPUT_H
#define FETCHPOOL_CLI_INPUT_H

#include "base/err.h"
#include "cli/option_table.h"
#include "pool/fetch_batch.h"

/* Adds the URLs of the command line, then those of its files, to the list; standard input when there is neither. The
 * list's arena keeps them; `values` are what items begin with. ERR_INVALID, ERR_IO, ERR_NOMEM: `ret_error` says what is
 * wrong. Blocks. */
enum err input_read(const struct cli_options *options, const struct option_values *values, struct fetch_batch *list,
                    char ret_error[CLI_ERROR_BYTES]) ERR_MUST_CHECK;

#endif
