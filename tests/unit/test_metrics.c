#include "api/metrics.h"

#include "api/metrics_table.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 256 * 1024 };

static const struct metric *find(const char *name) {
    size_t count;
    const struct metric *rows = metrics_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static bool has_end(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

TEST(names_follow_the_conventions) {
    size_t count;
    const struct metric *rows = metrics_table(&count);
    assert_true(count > 40);
    for (const struct metric *row = rows; row < rows + count; row++) {
        assert_true(strncmp(row->name, "fetchpool_", 10) == 0 || strncmp(row->name, "process_", 8) == 0);
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name));
        assert_int_equal(has_end(row->name, "_total"), row->type == METRIC_COUNTER);
        assert_int_equal(row->scale != 1, strstr(row->name, "_seconds") != NULL);
        assert_ptr_equal(find(row->name), row); /* no other has this name */
        assert_true(has_end(row->help, ".") && !strpbrk(row->help, "\\\n|\""));
    }
}

/* What is not shown is what other metrics are measured by. */
TEST(each_number_is_shown_once) {
    static unsigned char shown[sizeof(struct metrics) / sizeof(uint64_t)];
    size_t count;
    const struct metric *rows = metrics_table(&count);
    for (const struct metric *row = rows; row < rows + count; row++) {
        size_t width = row->type == METRIC_HISTOGRAM ? sizeof(struct stats_spread) / sizeof(uint64_t) : 1;
        assert_true(row->place + row->count * width <= sizeof shown);
        for (size_t i = 0; i < row->count * width; i++)
            shown[row->place + i]++;
    }
    const size_t beyond = offsetof(struct metrics, clients.beyond) / sizeof(uint64_t);
    for (size_t i = 0; i < sizeof shown; i++)
        assert_int_equal(shown[i], i != beyond);
}

static void assert_label_list(const char *name, const char *first, const char *last, size_t expected) {
    const struct metric *row = find(name);
    char labels[METRIC_LABELS_BYTES];
    char before[METRIC_LABELS_BYTES] = "";
    size_t found = 0;
    assert_non_null(row);
    for (size_t i = 0; i < row->count; i++) {
        if (!row->label(i, labels))
            continue;
        if (found++ == 0)
            assert_string_equal(labels, first);
        assert_string_not_equal(labels, before);
        memcpy(before, labels, sizeof labels);
    }
    assert_string_equal(before, last);
    assert_int_equal(found, expected);
}

TEST(labels_are_of_closed_lists) {
    assert_label_list("fetchpool_fetches_total", "status_class=\"1xx\",error_code=\"none\"",
                      "status_class=\"none\",error_code=\"internal\"", STATS_CLASS_COUNT + FETCH_ERROR_COUNT - 1);
    assert_label_list("fetchpool_fetch_phase_seconds", "phase=\"namelookup\"", "phase=\"transfer\"", 5);
    assert_label_list("fetchpool_fetch_retries_given_up_total", "reason=\"retries\"", "reason=\"budget\"", 3);
    assert_label_list("fetchpool_batches_finished_total", "outcome=\"completed\"", "outcome=\"shutdown\"", 4);
    assert_label_list("fetchpool_queue_items", "reason=\"batch\"", "reason=\"reader\"", 6);
    assert_label_list("fetchpool_queue_wait_seconds_total", "reason=\"batch\"", "reason=\"reader\"", 6);
    assert_label_list("fetchpool_name_lookups_total", "source=\"cached\"", "source=\"known\"", 4);
    assert_label_list("fetchpool_name_answers_total", "result=\"found\"", "result=\"broken\"", NAME_STATUS_COUNT);
    assert_label_list("fetchpool_api_refusals_total", "reason=\"malformed\"", "reason=\"other\"",
                      PROBLEM_REASON_COUNT - 2);
    assert_label_list("fetchpool_api_connections_refused_total", "limit=\"connections\"", "limit=\"spare\"", 3);
}

TEST(route_labels_are_those_of_the_router) {
    const struct metric *row = find("fetchpool_api_requests_total");
    char labels[METRIC_LABELS_BYTES];
    size_t routes = 0;
    while (router_at(routes))
        routes++;
    assert_true(row->label(0, labels));
    assert_string_equal(labels, "method=\"POST\",route=\"/fetch\",status_class=\"1xx\"");
    assert_false(row->label(routes * TRAFFIC_CLASSES, labels));
    assert_true(row->label((size_t)ROUTER_MAX_ROUTES * TRAFFIC_CLASSES + 3, labels));
    assert_string_equal(labels, "method=\"none\",route=\"none\",status_class=\"4xx\"");
}

static char *write(const struct metrics *m, struct buf *out) {
    buf_init(out, TEXT_BYTES);
    assert_int_equal(metrics_write(m, out), ERR_NONE);
    assert_int_equal(buf_terminate(out), ERR_NONE);
    return out->data;
}

TEST(each_number_reaches_the_text) {
    struct metrics m = {.one = 1};
    struct buf out;
    m.fetcher.fetches.results[STATS_CLASS_COUNT + FETCH_DNS] = 12;
    m.fetcher.fetches.phases[STATS_TLS].counts[2] = 7;
    m.fetcher.fetches.phases[STATS_TLS].sum_us = 21000;
    m.pool.waiting = 34;
    m.traffic.answers[0][1] = 56;
    m.usage.cpu_us = 1250000;
    const char *text = write(&m, &out);
    assert_non_null(strstr(text, "\nfetchpool_fetches_total{status_class=\"none\",error_code=\"dns\"} 12\n"));
    assert_non_null(strstr(text, "\nfetchpool_fetch_phase_seconds_bucket{phase=\"tls\",le=\"0.0025\"} 0\n"));
    assert_non_null(strstr(text, "\nfetchpool_fetch_phase_seconds_bucket{phase=\"tls\",le=\"0.005\"} 7\n"));
    assert_non_null(strstr(text, "\nfetchpool_fetch_phase_seconds_sum{phase=\"tls\"} 0.021\n"));
    assert_non_null(strstr(text, "\nfetchpool_items_waiting 34\n"));
    assert_non_null(
        strstr(text, "\nfetchpool_api_requests_total{method=\"POST\",route=\"/fetch\",status_class=\"2xx\"} 56\n"));
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total 1.25\n"));
    buf_fini(&out);
}

TEST(text_without_memory_fails) {
    static const struct metrics none;
    struct buf out;
    buf_init(&out, TEXT_BYTES);
    unit_fail_allocation(1);
    assert_int_equal(metrics_write(&none, &out), ERR_NOMEM);
    unit_fail_allocation(0);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_conventions), cmocka_unit_test(each_number_is_shown_once),
        cmocka_unit_test(labels_are_of_closed_lists),   cmocka_unit_test(route_labels_are_those_of_the_router),
        cmocka_unit_test(each_number_reaches_the_text), cmocka_unit_test(text_without_memory_fails),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
