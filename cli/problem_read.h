/* What a daemon says when it refuses a list (RFC 9457), for people. */
#ifndef FETCHPOOL_CLI_PROBLEM_READ_H
#define FETCHPOOL_CLI_PROBLEM_READ_H

#include "cli/option_table.h"

/* "refused (422): more than 10 URLs; /urls/0/timeout: must be ...; try again in 5 s". `body` need not be a problem.
 * What could move the cursor of a terminal is replaced, and long texts are cut. */
void problem_read(const char *body, long status, long retry_after_s, char ret_text[CLI_ERROR_BYTES]);

#endif
