#include "api/metrics_table.h"

enum { METRIC_PLAIN = 1, METRIC_MICRO = 1000000 };

/* Where a member stands among the numbers of a struct metrics, and how many it has. */
#define PLACE(member) (offsetof(struct metrics, member) / sizeof(uint64_t))
#define NUMBERS(member) (sizeof((struct metrics *)0)->member / sizeof(uint64_t))

#define ONE(member) PLACE(member), 1, METRIC_PLAIN, NULL
#define SECONDS(member) PLACE(member), 1, METRIC_MICRO, NULL
#define MANY(member, label) PLACE(member), NUMBERS(member), METRIC_PLAIN, label

static const struct metric table[] = {
    /* what was fetched */
    {"fetchpool_fetches_total", METRIC_COUNTER,
     "Fetches that ended, by status class, or by error code where no response came; URLs of a list that share a fetch "
     "are one.",
     MANY(fetcher.fetches.results, metric_label_result)},
    {"fetchpool_fetch_duration_seconds", METRIC_HISTOGRAM,
     "From the first start of a fetch to its result, redirects, retries and the waits between them included.",
     SECONDS(fetcher.fetches.duration)},
    {"fetchpool_fetch_queue_seconds", METRIC_HISTOGRAM, "From the acceptance of a URL to the first start of its fetch.",
     SECONDS(fetcher.fetches.queue)},
    {"fetchpool_fetch_phase_seconds", METRIC_HISTOGRAM,
     "Phases of requests to origins; a connection that is used again has neither connect nor tls.",
     PLACE(fetcher.fetches.phases), STATS_PHASE_COUNT, METRIC_MICRO, metric_label_phase},
    {"fetchpool_fetch_retries_total", METRIC_COUNTER, "Further attempts that were made.", ONE(fetcher.fetches.retries)},
    {"fetchpool_fetch_retries_given_up_total", METRIC_COUNTER,
     "Fetches with retries whose last attempt failed in passing: no retries left, no time before the deadline, or the "
     "budget of all was used up.",
     MANY(fetcher.fetches.given_up, metric_label_given_up)},
    {"fetchpool_fetch_redirects_total", METRIC_COUNTER, "Redirects that were followed on the way to a result.",
     ONE(fetcher.fetches.redirects)},
    {"fetchpool_fetch_received_bytes_total", METRIC_COUNTER,
     "Bytes of response heads and bodies as they came, without the framing of chunks and without TLS.",
     ONE(fetcher.fetches.received_bytes)},
    {"fetchpool_fetch_decoded_bytes_total", METRIC_COUNTER, "Bytes of response bodies after decoding.",
     ONE(fetcher.fetches.decoded_bytes)},
    {"fetchpool_fetch_sent_bytes_total", METRIC_COUNTER, "Bytes of request heads and bodies, without TLS.",
     ONE(fetcher.fetches.sent_bytes)},
    {"fetchpool_guard_refusals_total", METRIC_COUNTER, "Connections that the address guard refused.",
     ONE(fetcher.guard_refusals)},

    /* connections to origins */
    {"fetchpool_connections_opened_total", METRIC_COUNTER, "Connections to origins that were made.",
     ONE(fetcher.handles.opened)},
    {"fetchpool_connections_reused_total", METRIC_COUNTER, "Requests that went over a connection that was there.",
     ONE(fetcher.handles.reused)},
    {"fetchpool_handles_idle", METRIC_GAUGE, "Warm handles that nobody uses now; each keeps one connection at most.",
     ONE(fetcher.handles.idle)},
    {"fetchpool_handles_in_use", METRIC_GAUGE, "Handles that fetches use now.", ONE(fetcher.handles.in_use)},
    {"fetchpool_handles_closed_total", METRIC_COUNTER,
     "Idle handles that were closed to make room, or after their time.", ONE(fetcher.handles.closed_cold)},

    /* names */
    {"fetchpool_name_lookups_total", METRIC_COUNTER,
     "Host names that fetches wanted: cached, asked for, joined to one who asked already, or known without asking.",
     MANY(fetcher.names.lookups, metric_label_source)},
    {"fetchpool_name_answers_total", METRIC_COUNTER, "What came of the names that were asked for.",
     MANY(fetcher.names.answers, metric_label_answer)},
    {"fetchpool_names_cached", METRIC_GAUGE, "Names in the cache, those that are being looked up included.",
     ONE(fetcher.names.cached)},

    /* the pool */
    {"fetchpool_items_accepted_total", METRIC_COUNTER,
     "URLs of lists and tasks of drills that were taken: always the sum of those that are finished, running and "
     "waiting.",
     ONE(pool.accepted)},
    {"fetchpool_items_finished_total", METRIC_COUNTER, "Items that have their result.", ONE(pool.finished)},
    {"fetchpool_items_running", METRIC_GAUGE, "Items that are in flight.", ONE(pool.running)},
    {"fetchpool_items_waiting", METRIC_GAUGE, "Items that wait, for their start or between two attempts.",
     ONE(pool.waiting)},
    {"fetchpool_queue_items", METRIC_GAUGE, "Items that wait, by what for; always fetchpool_items_waiting together.",
     MANY(pool.waiting_for, metric_label_wait)},
    {"fetchpool_queue_wait_seconds_total", METRIC_COUNTER,
     "Time that items waited, of all of them together, by what for.", PLACE(pool.waited_us), NUMBERS(pool.waited_us),
     METRIC_MICRO, metric_label_wait},
    {"fetchpool_items_waiting_limit", METRIC_GAUGE, "The setting pool.queue.", ONE(pool.max_waiting)},
    {"fetchpool_workers", METRIC_GAUGE, "Worker threads, busy or not.", ONE(pool.workers)},
    {"fetchpool_workers_limit", METRIC_GAUGE, "The setting pool.workers: so many items can be in flight.",
     ONE(pool.max_workers)},
    {"fetchpool_batches_accepted_total", METRIC_COUNTER, "Lists and drills that were taken, but for empty ones.",
     ONE(pool.batches_accepted)},
    {"fetchpool_batches_finished_total", METRIC_COUNTER, "Lists and drills that ended, by how.",
     MANY(pool.batches_finished, metric_label_outcome)},
    {"fetchpool_batches_unattended", METRIC_GAUGE, "Lists that go on without their client.", ONE(unattended)},

    /* clients */
    {"fetchpool_api_requests_total", METRIC_COUNTER,
     "Requests that were answered, by route and status class; route none is for what leads nowhere.",
     MANY(traffic.answers, metric_label_route)},
    {"fetchpool_api_refusals_total", METRIC_COUNTER, "Requests that were refused, by reason.",
     MANY(traffic.refusals, metric_label_refusal)},
    {"fetchpool_api_requests_open", METRIC_GAUGE, "Requests that are there whole and not answered whole.",
     ONE(open_requests)},
    {"fetchpool_api_connections", METRIC_GAUGE, "Connections of clients.", ONE(clients.inside)},
    {"fetchpool_api_connections_limit", METRIC_GAUGE, "The setting server.max_connections.", ONE(max_connections)},
    {"fetchpool_api_connections_accepted_total", METRIC_COUNTER, "Connections of clients within the limits.",
     ONE(clients.entered)},
    {"fetchpool_api_connections_refused_total", METRIC_COUNTER,
     "Connections beyond server.max_connections or server.max_connections_per_address, which are told so, and those "
     "beyond the spare ones, which are closed.",
     PLACE(clients.full), 3, METRIC_PLAIN, metric_label_limit},
    {"fetchpool_api_body_bytes", METRIC_GAUGE, "Bytes of request bodies in memory (server.request_memory).",
     ONE(body_bytes)},
    {"fetchpool_api_answer_bytes", METRIC_GAUGE, "Bytes of results that wait for their readers (server.answer_memory).",
     ONE(held_bytes)},
    {"fetchpool_draining", METRIC_GAUGE, "1 from the signal that ends the daemon on.", ONE(draining)},

    /* the process */
    {"fetchpool_build_info", METRIC_GAUGE, "Always 1; the version is in the label.", PLACE(one), 1, METRIC_PLAIN,
     metric_label_version},
    {"process_cpu_seconds_total", METRIC_COUNTER,
     "Time of the processors, of all threads, in user space and in the kernel.", SECONDS(usage.cpu_us)},
    {"process_resident_memory_bytes", METRIC_GAUGE, "Memory that is resident.", ONE(usage.resident_bytes)},
    {"process_virtual_memory_bytes", METRIC_GAUGE, "Addresses that are in use.", ONE(usage.virtual_bytes)},
    {"process_threads", METRIC_GAUGE, "Threads of the operating system.", ONE(usage.threads)},
    {"process_open_fds", METRIC_GAUGE, "Open file descriptors.", ONE(usage.open_files)},
    {"process_max_fds", METRIC_GAUGE, "The limit of open file descriptors.", ONE(usage.max_files)},
    {"process_start_time_seconds", METRIC_GAUGE, "When the process started, in seconds since 1970.",
     SECONDS(usage.started_at_us)},
};

const struct metric *metrics_table(size_t *ret_count) {
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

const char *metric_type_name(enum metric_type type) {
    static const char *const names[] = {"counter", "gauge", "histogram"};
    return names[type];
}
