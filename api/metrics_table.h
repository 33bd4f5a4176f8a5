/* All metrics: what each is called, what it means, and which numbers it shows. */
#ifndef FETCHPOOL_API_METRICS_TABLE_H
#define FETCHPOOL_API_METRICS_TABLE_H

#include "api/metrics.h"
#include "api/metrics_labels.h"

#include <stdbool.h>
#include <stddef.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* docs/operations.md has a line for each, and a test compares them. */
struct metric {
    const char *name;
    enum metric_type type;
    const char *help;
    size_t place;        /* where its numbers begin, counted in numbers of a struct metrics */
    size_t count;        /* of numbers; of a histogram, of struct stats_spread */
    unsigned scale;      /* what they are divided by */
    metric_label *label; /* NULL: there is one number, and no label */
};

const struct metric *metrics_table(size_t *ret_count);

/* "counter"; static. */
const char *metric_type_name(enum metric_type type);

#endif
