/* The exit status of fetchpool. */
#ifndef FETCHPOOL_CLI_EXIT_H
#define FETCHPOOL_CLI_EXIT_H

/* Besides, 128 and the number of the signal that ended it. */
enum cli_exit {
    CLI_EXIT_DONE = 0,        /* all were answered with a status below 400 */
    CLI_EXIT_SOME_FAILED = 1, /* some were not */
    CLI_EXIT_USAGE = 2,       /* what was asked for is wrong */
    CLI_EXIT_FAILED = 3,      /* it could not run */
};

#endif
