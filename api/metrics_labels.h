/* The labels of metrics: of lists that are closed, so that their number is bounded whatever is fetched. */
#ifndef FETCHPOOL_API_METRICS_LABELS_H
#define FETCHPOOL_API_METRICS_LABELS_H

#include <stdbool.h>
#include <stddef.h>

enum { METRIC_LABELS_BYTES = 160 };

/* Writes the labels of the number `i` of a metric, `a="b",c="d"`. False: there is no such number. */
typedef bool metric_label(size_t i, char ret_labels[METRIC_LABELS_BYTES]);

metric_label metric_label_result;   /* of stats_totals.results */
metric_label metric_label_phase;    /* of stats_totals.phases */
metric_label metric_label_given_up; /* of stats_totals.given_up */
metric_label metric_label_outcome;  /* of pool_stats.batches_finished */
metric_label metric_label_wait;     /* of pool_stats.waiting_for and waited_us */
metric_label metric_label_source;   /* of names_stats.lookups */
metric_label metric_label_answer;   /* of names_stats.answers */
metric_label metric_label_route;    /* of traffic_totals.answers */
metric_label metric_label_refusal;  /* of traffic_totals.refusals */
metric_label metric_label_limit;    /* of clients_stats, from `full` on */
metric_label metric_label_version;

#endif
