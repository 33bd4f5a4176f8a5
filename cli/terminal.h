/* The terminal on standard error: whether there is one, what it can show, and the line that is drawn there. */
#ifndef FETCHPOOL_CLI_TERMINAL_H
#define FETCHPOOL_CLI_TERMINAL_H

#include "cli/progress.h"

#include <stdbool.h>
#include <stddef.h>

struct terminal {
    bool can_draw; /* standard error is a terminal that moves its cursor */
    bool utf8;
    bool color;
    size_t drawn_columns; /* of the line that stands there; 0: none does */
};

/* Looks at standard error and the environment. The locale is taken from its names: setlocale(3) would change what
 * libcurl and the C library do. */
void terminal_init(struct terminal *t);

/* Whether what is printed on `fd` may have colours and blocks of Unicode. */
bool terminal_has_color(int fd);
bool terminal_has_utf8(void);

/* Columns of the terminal `fd`, or those of COLUMNS, or 80. */
size_t terminal_columns(int fd);

/* Draws the line over the one before. Nothing when it cannot. */
void terminal_draw(struct terminal *t, const struct progress_state *state);

/* Takes the line away, so that other text can be written. */
void terminal_erase(struct terminal *t);

#endif
