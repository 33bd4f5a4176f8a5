/* `fetchpool token`: makes tokens for callers of fetchpoold. */
#ifndef FETCHPOOL_CLI_TOKEN_COMMAND_H
#define FETCHPOOL_CLI_TOKEN_COMMAND_H

enum token_command_exit { TOKEN_COMMAND_DONE = 0, TOKEN_COMMAND_USAGE = 2, TOKEN_COMMAND_FAILED = 3 };

/* `argv` is what follows "token". Prints to standard output; what is wrong, and what to do, to standard error. */
enum token_command_exit token_command_run(int argc, char **argv);

#endif
