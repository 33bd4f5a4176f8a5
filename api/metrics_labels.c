#include "api/metrics_labels.h"

#include "api/traffic.h"
#include "base/version.h"
#include "pool/fetcher_stats.h"
#include "pool/pool_stats.h"

#include <stdio.h>

/* What there is none of. */
#define NONE "none"

static bool print_one(const char *name, const char *value, char ret_labels[METRIC_LABELS_BYTES]) {
    if (!value || !*value)
        return false;
    (void)snprintf(ret_labels, METRIC_LABELS_BYTES, "%s=\"%s\"", name, value);
    return true;
}

bool metric_label_result(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const classes[STATS_CLASS_COUNT] = {"1xx", "2xx", "3xx", "4xx", "5xx", "other"};
    bool answered = i < STATS_CLASS_COUNT;
    const char *error = answered ? NONE : fetch_error_name((enum fetch_error)(i - STATS_CLASS_COUNT));
    (void)snprintf(ret_labels, METRIC_LABELS_BYTES, "status_class=\"%s\",error_code=\"%s\"",
                   answered ? classes[i] : NONE, error);
    return *error != '\0';
}

bool metric_label_phase(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const phases[STATS_PHASE_COUNT] = {"namelookup", "connect", "tls", "wait", "transfer"};
    return print_one("phase", phases[i], ret_labels);
}

bool metric_label_given_up(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const reasons[FETCH_GIVEN_UP_COUNT] = {
        [FETCH_GIVEN_UP_RETRIES] = "retries",
        [FETCH_GIVEN_UP_DEADLINE] = "deadline",
        [FETCH_GIVEN_UP_BUDGET] = "budget",
    };
    return print_one("reason", reasons[i], ret_labels);
}

bool metric_label_outcome(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const outcomes[POOL_OUTCOME_COUNT] = {"completed", "cancelled", "deadline", "shutdown"};
    return print_one("outcome", outcomes[i], ret_labels);
}

bool metric_label_wait(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const reasons[SCHED_WAIT_COUNT] = {"batch", "host", "pause", "retry", "worker", "reader"};
    return print_one("reason", reasons[i], ret_labels);
}

bool metric_label_source(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const sources[NAMES_SOURCE_COUNT] = {"cached", "asked", "joined", "known"};
    return print_one("source", sources[i], ret_labels);
}

bool metric_label_answer(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const results[NAME_STATUS_COUNT] = {"found",     "blocked", "not_found", "no_address",
                                                           "malformed", "silent",  "broken"};
    return print_one("result", results[i], ret_labels);
}

bool metric_label_route(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    size_t index = i / TRAFFIC_CLASSES;
    const struct route *route = router_at(index);
    (void)snprintf(ret_labels, METRIC_LABELS_BYTES, "method=\"%s\",route=\"%s\",status_class=\"%zuxx\"",
                   route ? route->method : NONE, route ? route->path : NONE, i % TRAFFIC_CLASSES + 1);
    return route || index == ROUTER_MAX_ROUTES;
}

bool metric_label_refusal(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    return print_one("reason", problem_reason_name((enum problem_reason)i), ret_labels);
}

bool metric_label_limit(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    static const char *const limits[] = {"connections", "connections_per_address", "spare"};
    return print_one("limit", limits[i], ret_labels);
}

bool metric_label_version(size_t i, char ret_labels[METRIC_LABELS_BYTES]) {
    (void)i;
    return print_one("version", FETCHPOOL_VERSION, ret_labels);
}
