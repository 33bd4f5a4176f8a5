/* Writes numbers as Prometheus reads them: its text format, version 0.0.4. */
#ifndef FETCHPOOL_API_EXPOSITION_H
#define FETCHPOOL_API_EXPOSITION_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define EXPOSITION_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Embedded by value; fields are private. The first failure stays. */
struct exposition {
    struct buf *out;
    enum err err;
};

/* Borrows `out` until exposition_end. */
void exposition_begin(struct exposition *e, struct buf *out);

/* ERR_NOMEM, ERR_LIMIT: what was written is not whole. */
enum err exposition_end(struct exposition *e) ERR_MUST_CHECK;

/* Begins a family. `help` and `type` are plain text on one line without a backslash. */
void exposition_family(struct exposition *e, const char *name, const char *type, const char *help);

/* One number of it, divided by `scale`, which is 1 or 1000000. `labels` is `a="b",c="d"`, or "". */
void exposition_number(struct exposition *e, const char *name, const char *labels, uint64_t value, unsigned scale);

/* Times in microseconds, as seconds. `counts` has one more than `bounds`: how many are up to each bound and above the
 * one before, and above the last. */
struct exposition_spread {
    const int64_t *bounds_us;
    size_t bound_count;
    const uint64_t *counts;
    uint64_t sum_us;
};

void exposition_histogram(struct exposition *e, const char *name, const char *labels,
                          const struct exposition_spread *spread);

#endif
