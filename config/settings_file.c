#include "config/settings_file.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct reader {
    FILE *file;
    settings_file_fn *each;
    void *arg;
    int line;
    enum err err; /* the first; nothing is read after it */
    const char *reason;
};

static void refuse(struct reader *r, const char *reason) {
    r->err = ERR_INVALID;
    r->reason = reason;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char *skip_blanks(char *text) {
    while (is_blank(*text))
        text++;
    return text;
}

/* inih passes over whatever follows a ']', and over sections without keys. */
static void read_heading(struct reader *r, char *text) {
    char *close = strchr(text, ']');
    if (!close)
        return;
    char *rest = skip_blanks(close + 1);
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        refuse(r, "nothing may follow the ']'");
        return;
    }
    *close = '\0';
    r->err = r->each(r->arg, r->line, text + 1, NULL, NULL);
    *close = ']';
}

/* The reader that inih asks for each line. Blanks in front are taken off, so that no line continues the one before. */
static char *read_line(char *ret_text, int size, void *arg) {
    struct reader *r = arg;
    int len = 0;
    int c = r->err ? EOF : getc(r->file);
    if (c == EOF)
        return NULL;
    r->line++;
    for (; c != EOF && c != '\n'; c = getc(r->file)) {
        if (len == 0 && is_blank((char)c))
            continue;
        if (c == '\0' || len >= size - 3) {
            refuse(r, c == '\0' ? "the line has a NUL byte"
                                : "the line is too long (a list may be given over several lines)");
            return NULL;
        }
        ret_text[len++] = (char)c;
    }
    ret_text[len] = '\0';
    if (ret_text[0] == '[')
        read_heading(r, ret_text);
    return r->err ? NULL : ret_text;
}

static int take_line(void *arg, const char *section, const char *key, const char *value) {
    struct reader *r = arg;
    if (!r->err)
        r->err = r->each(r->arg, r->line, section, key, value);
    return !r->err;
}

static enum err parse(struct reader *r) {
    int bad_line = ini_parse_stream(read_line, r, take_line, r);
    if (ferror(r->file))
        return ERR_IO;
    if (bad_line > 0 && (!r->err || bad_line < r->line)) { /* it goes on after a line that is no INI */
        r->line = bad_line;
        refuse(r, "must be [section] or key = value");
    }
    return bad_line < 0 ? ERR_NOMEM : r->err;
}

enum err settings_file_read(const char *path, settings_file_fn *each, void *arg,
                            struct settings_file_error *ret_error) {
    struct reader r = {.file = fopen(path, "re"), .each = each, .arg = arg};
    if (!r.file)
        return ERR_IO;
    enum err err = parse(&r);
    int read_errno = errno;
    (void)fclose(r.file); /* only read from */
    errno = read_errno;
    if (err)
        *ret_error = (struct settings_file_error){.line = r.line, .reason = r.reason};
    return err;
}
