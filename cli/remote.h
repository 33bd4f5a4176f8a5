/* A daemon that fetches: the list is sent to it, and its lines are results, or the entries of its archive. */
#ifndef FETCHPOOL_CLI_REMOTE_H
#define FETCHPOOL_CLI_REMOTE_H

#include "base/err.h"
#include "cli/job.h"

/* Sends the job's list, which is borrowed until `finish`, to the daemon that its options name, in a thread of its own.
 * On failure `ret_error` says what is wrong: ERR_INVALID the address or the token, ERR_IO the token's file, ERR_NOMEM,
 * ERR_THREAD, ERR_LIBRARY. */
enum err remote_start(struct job *job, struct source **ret_source, char ret_error[CLI_ERROR_BYTES]) ERR_MUST_CHECK;

#endif
