#include "api/metrics.h"

#include "api/api_state.h"
#include "api/exposition.h"
#include "api/metrics_table.h"

void metrics_gather(struct api *api, struct metrics *ret_metrics) {
    *ret_metrics = (struct metrics){
        .usage = usage_read(),
        .max_connections = api->max_connections,
        .open_requests = atomic_load(&api->open_requests),
        .unattended = atomic_load(&api->unattended),
        .body_bytes = atomic_load(&api->body_bytes),
        .held_bytes = atomic_load(&api->held_bytes),
        .draining = api_stage(api) != API_STAGE_SERVING,
        .one = 1,
    };
    ret_metrics->usage.started_at_us =
        api->started_at_us; /* each look at the clocks would tell a little another time */
    fetcher_read_stats(api->options.fetcher, &ret_metrics->fetcher);
    pool_read_stats(api->options.pool, &ret_metrics->pool);
    traffic_read(&api->traffic, &ret_metrics->traffic);
    clients_read_stats(api->clients, &ret_metrics->clients);
}

/* Times take up as many numbers as a spread has. */
static void write_one(struct exposition *e, const struct metric *row, const uint64_t *numbers, size_t i,
                      const char *labels) {
    if (row->type != METRIC_HISTOGRAM) {
        exposition_number(e, row->name, labels, numbers[i], row->scale);
        return;
    }
    const struct stats_spread *s = (const struct stats_spread *)numbers + i;
    const struct exposition_spread spread = {
        .bounds_us = stats_bounds_us, .bound_count = STATS_BOUNDS, .counts = s->counts, .sum_us = s->sum_us};
    exposition_histogram(e, row->name, labels, &spread);
}

enum err metrics_write(const struct metrics *m, struct buf *out) {
    struct exposition e;
    size_t count;
    const struct metric *rows = metrics_table(&count);
    exposition_begin(&e, out);
    for (const struct metric *row = rows; row < rows + count; row++) {
        const uint64_t *numbers = (const uint64_t *)m + row->place;
        exposition_family(&e, row->name, metric_type_name(row->type), row->help);
        for (size_t i = 0; i < row->count; i++) {
            char labels[METRIC_LABELS_BYTES] = "";
            if (!row->label || row->label(i, labels))
                write_one(&e, row, numbers, i, labels);
        }
    }
    return exposition_end(&e);
}
