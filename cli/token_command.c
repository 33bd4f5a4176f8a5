#include "cli/token_command.h"

#include "base/buf.h"
#include "config/token_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

static const char usage[] =
    "usage: fetchpool token new NAME [KEY=VALUE]...\n"
    "\n"
    "Makes a token for a caller of fetchpoold. Prints two lines: the token, which the caller sends as\n"
    "Authorization: Bearer TOKEN, and the line for the file that auth.token_file names. The token is\n"
    "kept nowhere: the file holds its digest.\n"
    "\n"
    "  NAME                 up to 48 letters, digits, '.', '_' and '-'; for the log and the limits\n"
    "  scopes=LIST          what it is good for: fetch,drill,jobs,hosts,metrics (fetch)\n"
    "  max_urls=N           URLs in one request at most (server.max_urls)\n"
    "  max_in_flight=N      URLs without a result yet at most, of all its requests (no limit)\n"
    "  urls_per_minute=N    URLs in a minute at most (no limit)\n"
    "\n"
    "Exit status: 0 made, 2 the command line is wrong, 3 it could not be made.\n";

static enum token_command_exit complain(enum token_command_exit code, const char *text) {
    (void)fprintf(stderr, "fetchpool: %s\n", text);
    return code;
}

static enum err write_line(const char *name, const char *hex, char *const *pairs, size_t count, struct buf *line) {
    enum err err = buf_printf(line, "%s %s", name, hex);
    for (size_t i = 0; i < count && !err; i++)
        err = buf_printf(line, " %s", pairs[i]);
    return err;
}

/* The line is read back as the daemon will read it: what it would refuse is refused here. */
static enum token_command_exit check_line(const struct buf *line) {
    char reason[TOKEN_FILE_REASON_BYTES];
    char text[TOKEN_FILE_REASON_BYTES + 64];
    struct token token;
    if (token_file_parse_line(line->data, line->len, &token, reason) == ERR_NONE)
        return TOKEN_COMMAND_DONE;
    (void)snprintf(text, sizeof text, "%s; see fetchpool token --help", reason);
    return complain(TOKEN_COMMAND_USAGE, text);
}

static enum token_command_exit end_output(bool is_written) {
    char text[128];
    if (is_written && fflush(stdout) == 0)
        return TOKEN_COMMAND_DONE;
    (void)snprintf(text, sizeof text, "standard output cannot be written: %s", strerror(errno));
    return complain(TOKEN_COMMAND_FAILED, text);
}

static enum token_command_exit print(const char *token, const struct buf *line) {
    enum token_command_exit code = end_output(printf("%s\n%.*s\n", token, (int)line->len, line->data) >= 0);
    if (code)
        return code;
    (void)fputs("The first line is the token: it is not kept and cannot be shown again. Append the second one to the\n"
                "file that auth.token_file names, and send fetchpoold SIGHUP.\n",
                stderr);
    return TOKEN_COMMAND_DONE;
}

static enum token_command_exit make(const char *name, char *const *pairs, size_t count) {
    char token[TOKEN_TEXT_BYTES], hex[TOKEN_DIGEST_HEX_BYTES];
    unsigned char digest[TOKEN_DIGEST_BYTES];
    struct buf line;
    if (token_make(token) || token_digest(token, strlen(token), digest))
        return complain(TOKEN_COMMAND_FAILED, "no random bytes, or no SHA-256");
    token_digest_hex(digest, hex);
    buf_init(&line, LINE_MAX_BYTES);
    enum err err = write_line(name, hex, pairs, count, &line);
    enum token_command_exit code = err == ERR_LIMIT ? complain(TOKEN_COMMAND_USAGE, "the line is too long")
                                   : err            ? complain(TOKEN_COMMAND_FAILED, err_text(err))
                                                    : check_line(&line);
    if (!code)
        code = print(token, &line);
    buf_fini(&line);
    return code;
}

static bool has_blank(int argc, char *const *argv) {
    for (int i = 0; i < argc; i++)
        if (argv[i][strcspn(argv[i], " \t\r\n")] != '\0')
            return true;
    return false;
}

static bool asks_for_help(int argc, char *const *argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

enum token_command_exit token_command_run(int argc, char **argv) {
    if (asks_for_help(argc, argv))
        return end_output(fputs(usage, stdout) >= 0);
    if (argc < 2 || strcmp(argv[0], "new") != 0)
        return complain(TOKEN_COMMAND_USAGE,
                        "it is: fetchpool token new NAME [KEY=VALUE]...; see fetchpool token --help");
    if (has_blank(argc, argv))
        return complain(TOKEN_COMMAND_USAGE, "neither NAME nor KEY=VALUE may hold a blank; see fetchpool token --help");
    return make(argv[1], argv + 2, (size_t)argc - 2);
}
