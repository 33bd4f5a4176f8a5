/* The forms in which results are printed. */
#ifndef FETCHPOOL_CLI_OUTPUT_H
#define FETCHPOOL_CLI_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/option_table.h"
#include "pool/fetch_batch.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands around the results, and how one of them is written. */
struct output {
    unsigned include; /* enum fetch_include: what it needs of each fetch, asked for or not */
    bool keeps_hops;  /* it tells each request of a fetch; a daemon is asked for it as it is */
    enum err (*begin)(struct buf *out, bool saves); /* NULL: nothing */
    const char *separator;                          /* between two results */
    const char *end;                                /* behind the last */
    /* Appends a result; what `options` include is printed. NULL: results are not printed one by one. Any thread. */
    enum err (*encode)(struct buf *out, const struct fetch_item *item, size_t index,
                       const struct fetch_options *options, const struct fetch_result *result);
    /* Adds to the result that `text` is the file that has its body; NULL: there is none. Names need no escapes. */
    enum err (*add_saved)(struct buf *text, const char *saved);
};

const struct output *output_of(enum cli_format format);

#endif
