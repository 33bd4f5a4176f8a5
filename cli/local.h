/* The pool in this process. */
#ifndef FETCHPOOL_CLI_LOCAL_H
#define FETCHPOOL_CLI_LOCAL_H

#include "base/err.h"
#include "cli/job.h"
#include "config/settings.h"

/* How many workers there are descriptors for; raises their limit. Before threads. */
size_t local_fit_workers(size_t wanted);

/* Begins to fetch the job's list, which is borrowed until `finish`, as the settings. On failure `ret_error` says what
 * is wrong. ERR_NOMEM, ERR_THREAD, ERR_INVALID, ERR_IO, ERR_LIBRARY. */
enum err local_start(struct job *job, const struct settings *settings, size_t max_workers, struct source **ret_source,
                     char ret_error[CLI_ERROR_BYTES]) ERR_MUST_CHECK;

/* The functions that make a batch of the list. */
extern const struct fetch_batch_ops local_batch_ops;

#endif
