/* Where the time of a fetch went, as a bar. */
#ifndef FETCHPOOL_CLI_WATERFALL_H
#define FETCHPOOL_CLI_WATERFALL_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waterfall_look {
    bool utf8;
    bool color;
};

/* Appends a bar of exactly `columns` columns of which `scale_us` is the whole: attempts before the last, name lookup,
 * connection, TLS, waiting for the first byte, transfer. ERR_NOMEM, ERR_LIMIT. */
enum err waterfall_bar(const struct summary_entry *entry, int64_t scale_us, size_t columns,
                       const struct waterfall_look *look, struct buf *out) ERR_MUST_CHECK;

/* Appends what the parts of a bar look like. `ret_columns` are those that it takes. */
enum err waterfall_legend(const struct waterfall_look *look, struct buf *out, size_t *ret_columns) ERR_MUST_CHECK;

#endif
