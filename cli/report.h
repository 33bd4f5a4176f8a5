/* The summary of a list as a table, and the waterfall of the slowest. */
#ifndef FETCHPOOL_CLI_REPORT_H
#define FETCHPOOL_CLI_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report_look {
    size_t columns;
    bool utf8;
    bool color;
};

/* Appends the table, no line of which is longer than `columns`. `url_of` gives the URL of an item. Sorts the times of
 * the summary. ERR_NOMEM, ERR_LIMIT. */
enum err report_render(struct summary *summary, int64_t elapsed_us,
                       const char *(*url_of)(const void *arg, size_t index), const void *arg,
                       const struct report_look *look, struct buf *out) ERR_MUST_CHECK;

#endif
