#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_COLUMNS = 80, MAX_COLUMNS = 1000 };

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

static bool is_dumb(void) {
    const char *term = getenv("TERM");
    return !term || *term == '\0' || strcmp(term, "dumb") == 0;
}

/* The first of them that is set is the one that counts, locale(7). */
bool terminal_has_utf8(void) {
    const char *name = is_set("LC_ALL") ? getenv("LC_ALL") : is_set("LC_CTYPE") ? getenv("LC_CTYPE") : getenv("LANG");
    return name && !is_dumb() && (strcasestr(name, "utf-8") || strcasestr(name, "utf8"));
}

/* no-color.org */
bool terminal_has_color(int fd) {
    return isatty(fd) && !is_dumb() && !is_set("NO_COLOR");
}

size_t terminal_columns(int fd) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    unsigned long number = columns ? strtoul(columns, NULL, 10) : 0;
    return number > 0 && number <= MAX_COLUMNS ? number : DEFAULT_COLUMNS;
}

void terminal_init(struct terminal *t) {
    *t = (struct terminal){
        .can_draw = isatty(STDERR_FILENO) && !is_dumb(),
        .utf8 = terminal_has_utf8(),
        .color = terminal_has_color(STDERR_FILENO),
    };
}

/* A terminal that became narrower has broken the line into several; the cursor stands in the last of them. They are
 * erased one by one: some terminals take the end of their screen for a whole screen to be kept in the history. */
static enum err put_erasure(const struct terminal *t, struct buf *out) {
    size_t columns = terminal_columns(STDERR_FILENO);
    enum err err = buf_append_text(out, "\r\x1b[K");
    for (size_t above = (t->drawn_columns - 1) / columns; above > 0 && !err; above--)
        err = buf_append_text(out, "\x1b[A\x1b[K");
    return err;
}

static void put(const struct buf *text) {
    ssize_t n = write(STDERR_FILENO, text->data, text->len);
    (void)n; /* a line that is not shown is no loss */
}

void terminal_draw(struct terminal *t, const struct progress_state *state) {
    const struct progress_look look = {.columns = terminal_columns(STDERR_FILENO), .utf8 = t->utf8, .color = t->color};
    struct buf line;
    size_t columns = 0;
    if (!t->can_draw)
        return;
    buf_init(&line, SIZE_MAX);
    enum err err = t->drawn_columns > 0 ? put_erasure(t, &line) : ERR_NONE;
    if (!err)
        err = progress_render(state, &look, &line, &columns);
    if (!err) {
        put(&line);
        t->drawn_columns = columns;
    }
    buf_fini(&line);
}

void terminal_erase(struct terminal *t) {
    struct buf text;
    if (t->drawn_columns == 0)
        return;
    buf_init(&text, SIZE_MAX);
    if (put_erasure(t, &text) == ERR_NONE)
        put(&text);
    buf_fini(&text);
    t->drawn_columns = 0;
}
