/* The progress line: a function of what is so, as wide as it may be. */
#ifndef FETCHPOOL_CLI_PROGRESS_H
#define FETCHPOOL_CLI_PROGRESS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_NOT_KNOWN SIZE_MAX

struct progress_state {
    size_t total;
    size_t done;
    size_t failed;
    size_t in_flight; /* PROGRESS_NOT_KNOWN: it is not told */
    double rate;      /* results in a second, of late */
    bool is_ending;   /* Ctrl-C: what runs is given up */
};

struct progress_look {
    size_t columns; /* of the terminal */
    bool utf8;
    bool color;
};

/* How many come in a second: the first measurement is of all since the start, and each later one weighs as much as its
 * time in that of the last ten seconds. Fields are private but for `per_s`. */
struct progress_rate {
    double per_s; /* 0: none came yet */
    int64_t started_ms;
    int64_t measured_ms;
    size_t measured_done;
};
void progress_rate_init(struct progress_rate *r, int64_t started_ms);
void progress_rate_measure(struct progress_rate *r, size_t done, int64_t now_ms);

/* Appends the line, without a newline, of less than `columns` columns, and gives their number. What has no room is left
 * out, what matters least first. ERR_NOMEM, ERR_LIMIT. */
enum err progress_render(const struct progress_state *state, const struct progress_look *look, struct buf *out,
                         size_t *ret_columns) ERR_MUST_CHECK;

#endif
