#include "cli/input.h"

#include "base/utf8.h"
#include "cli/item.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct source {
    const char *name; /* for messages */
    FILE *file;
    size_t line;
};

static enum err add_url(struct fetch_batch *list, const char *text, size_t len) {
    const struct fetch_item item = {.url = arena_copy(&list->arena, text, len)};
    return item.url ? fetch_batch_add(list, &item) : ERR_NOMEM;
}

static enum err refuse(const struct source *source, const char *why, char error[CLI_ERROR_BYTES]) {
    (void)snprintf(error, CLI_ERROR_BYTES, "%.100s, line %zu: %.300s", source->name, source->line, why);
    return ERR_INVALID;
}

/* `line[len]` may be written. */
static enum err read_line(struct fetch_batch *list, const struct option_values *values, const struct source *source,
                          char *line, size_t len, char error[CLI_ERROR_BYTES]) {
    char why[CLI_ERROR_BYTES];
    while (len > 0 && line[len - 1] != '\0' && strchr(" \t\r\n", line[len - 1]))
        len--;
    if (memchr(line, '\0', len) || !utf8_is_valid(line, len))
        return refuse(source, "this is not UTF-8 text", error);
    line[len] = '\0';
    size_t start = strspn(line, " \t");
    if (start == len || line[start] == '#')
        return ERR_NONE;
    if (line[start] != '{')
        return add_url(list, line + start, len - start);
    return item_add(list, values, line + start, len - start, why) ? ERR_NONE : refuse(source, why, error);
}

static enum err read_lines(struct fetch_batch *list, const struct option_values *values, struct source *source,
                           char error[CLI_ERROR_BYTES]) {
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    enum err err = ERR_NONE;
    while (!err && (n = getline(&line, &size, source->file)) >= 0) {
        size_t mark = source->line++ == 0 ? utf8_mark(line, (size_t)n) : 0;
        err = read_line(list, values, source, line + mark, (size_t)n - mark, error);
    }
    int reason = errno;
    free(line);
    if (!err && ferror(source->file)) {
        (void)snprintf(error, CLI_ERROR_BYTES, "%.200s: %s", source->name, strerror(reason));
        err = ERR_IO;
    }
    return err;
}

static enum err read_input(struct fetch_batch *list, const struct option_values *values, const char *path,
                           char error[CLI_ERROR_BYTES]) {
    bool is_standard = strcmp(path, "-") == 0;
    struct source source = {.name = is_standard ? "standard input" : path,
                            .file = is_standard ? stdin : fopen(path, "re")};
    if (!source.file) {
        (void)snprintf(error, CLI_ERROR_BYTES, "%.200s: %s", path, strerror(errno));
        return ERR_IO;
    }
    enum err err = read_lines(list, values, &source, error);
    if (!is_standard)
        (void)fclose(source.file); /* it was only read */
    return err;
}

static void tell_to_type(const struct cli_options *options) {
    if (!options->quiet && isatty(STDIN_FILENO))
        (void)fputs("fetchpool: type URLs, one in each line; Ctrl-D ends the list\n", stderr);
}

static enum err read_all(const struct cli_options *options, const struct option_values *values,
                         struct fetch_batch *list, char error[CLI_ERROR_BYTES]) {
    enum err err = ERR_NONE;
    for (size_t i = 0; i < options->url_count && !err; i++)
        err = add_url(list, options->urls[i], strlen(options->urls[i]));
    for (size_t i = 0; i < options->input_count && !err; i++)
        err = read_input(list, values, options->inputs[i], error);
    if (options->url_count == 0 && options->input_count == 0) {
        tell_to_type(options);
        err = read_input(list, values, "-", error);
    }
    return err;
}

enum err input_read(const struct cli_options *options, const struct option_values *values, struct fetch_batch *list,
                    char ret_error[CLI_ERROR_BYTES]) {
    ret_error[0] = '\0';
    enum err err = read_all(options, values, list, ret_error);
    if (err && ret_error[0] == '\0')
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", err_text(err));
    return err;
}
