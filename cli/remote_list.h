/* The list as the JSON that a daemon takes. */
#ifndef FETCHPOOL_CLI_REMOTE_LIST_H
#define FETCHPOOL_CLI_REMOTE_LIST_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/job.h"

/* Appends the object with all options that were said, and the items. ERR_NOMEM, ERR_LIMIT. */
enum err remote_list_write(const struct job *job, struct buf *out) ERR_MUST_CHECK;

#endif
