/* The command line of fetchpoold. getopt_long(3). */
#ifndef FETCHPOOL_DAEMON_OPTIONS_H
#define FETCHPOOL_DAEMON_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* What the process is to do. */
enum options_action {
    OPTIONS_ACTION_RUN,
    OPTIONS_ACTION_CHECK,
    OPTIONS_ACTION_DUMP,
    OPTIONS_ACTION_HEALTH,
    OPTIONS_ACTION_VERSION,
    OPTIONS_ACTION_HELP,
};

enum { OPTIONS_ERROR_BYTES = 256 };

struct options {
    enum options_action action;
    const char *config_path; /* NULL when none was named; borrowed from argv */
    char **assignments;      /* "section.key=value" in the order given, --listen as "server.listen=..." */
    size_t assignment_count;
    char error[OPTIONS_ERROR_BYTES]; /* one line, with a hint at --help */
};

/* Reads the command line; `argv` may be reordered. --help and --version win over the rest. The caller calls
 * options_fini in any case. ERR_INVALID: `error` tells what is wrong; ERR_NOMEM. Before threads. */
enum err options_parse(int argc, char **argv, struct options *ret_options) ERR_MUST_CHECK;

void options_fini(struct options *o);

/* The text of --help, settings included. ERR_LIMIT, ERR_NOMEM. */
enum err options_print_help(struct buf *out) ERR_MUST_CHECK;

#endif
