/* fetchpool: fetches lists of URLs from the command line, by the pool in its own process or by a daemon. */
#include "base/arena.h"
#include "base/thread.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "cli/run.h"
#include "cli/token_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int print(const char *text, size_t len) {
    if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
        return CLI_EXIT_DONE;
    (void)fprintf(stderr, "fetchpool: standard output cannot be written: %s\n", strerror(errno));
    return CLI_EXIT_FAILED;
}

static int print_help(void) {
    struct buf help;
    buf_init(&help, SIZE_MAX);
    int code = command_line_help(&help) ? CLI_EXIT_FAILED : print(help.data, help.len);
    buf_fini(&help);
    return code;
}

static int run(int argc, char **argv, struct arena *arena) {
    static const char version[] = "fetchpool " FETCHPOOL_VERSION "\n";
    struct cli_options options;
    enum err err = command_line_parse(argc, argv, arena, &options);
    if (err) {
        (void)fprintf(stderr, "fetchpool: %s\n", options.error);
        return err == ERR_IO ? CLI_EXIT_FAILED : CLI_EXIT_USAGE;
    }
    if (options.help)
        return print_help();
    return options.version ? print(version, strlen(version)) : run_list(&options);
}

int main(int argc, char **argv) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct arena arena;
    if (argc > 1 && strcmp(argv[1], "token") == 0)
        return (int)token_command_run(argc - 2, argv + 2);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is told by the write */
    thread_init_signals();
    arena_init(&arena);
    int code = run(argc, argv, &arena);
    arena_fini(&arena);
    return code;
}
