#include "pool/fetch_hop.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { FETCH_HOP_HEAD_MAX_BYTES = 512 * 1024 }; /* of a response; libcurl stops at 300 KiB */

enum err fetch_hops_add(struct fetch_hops *hops, const char *url, const char *method, struct fetch_hop **ret_hop) {
    struct fetch_hop *items = realloc(hops->items, (hops->count + 1) * sizeof *items);
    if (!items)
        return ERR_NOMEM;
    hops->items = items;
    struct fetch_hop *hop = &items[hops->count];
    *hop = (struct fetch_hop){.url = strdup(url), .method = method, .started_us = clock_now_us()};
    if (!hop->url)
        return ERR_NOMEM;
    hop->ended_us = hop->started_us;
    buf_init(&hop->request, SIZE_MAX); /* bounded by what a client may send */
    buf_init(&hop->response, FETCH_HOP_HEAD_MAX_BYTES);
    hops->count++;
    *ret_hop = hop;
    return ERR_NONE;
}

struct fetch_hop *fetch_hops_last(const struct fetch_hops *hops) {
    return &hops->items[hops->count - 1];
}

void fetch_hops_fini(struct fetch_hops *hops) {
    for (size_t i = 0; i < hops->count; i++) {
        free(hops->items[i].url);
        buf_fini(&hops->items[i].request);
        buf_fini(&hops->items[i].response);
    }
    free(hops->items);
    *hops = (struct fetch_hops){0};
}

/* ---- where the time went ---- */

static int64_t not_below_0(int64_t us) {
    return us > 0 ? us : 0;
}

static int64_t larger(int64_t a_us, int64_t b_us) {
    return a_us > b_us ? a_us : b_us;
}

/* What it had begun when it ended, took the rest of the time. */
static void split(const struct fetch_hop *hop, int64_t whole_us, struct fetch_hop_phases *p) {
    bool was_ready = hop->pretransfer_us > 0;
    int64_t ready_us = was_ready ? larger(hop->appconnect_us, hop->connect_us) : whole_us;
    bool has_tls = hop->appconnect_us > 0 || (!was_ready && hop->connect_us > 0);
    if (hop->was_connected)
        ready_us = 0;
    else
        p->connect_us = ready_us;
    if (has_tls && !hop->was_connected)
        p->ssl_us = not_below_0(ready_us - hop->connect_us);
    if (!was_ready)
        return;
    bool has_begun = hop->starttransfer_us > 0;
    p->send_us = not_below_0(hop->pretransfer_us - ready_us);
    p->wait_us = not_below_0((has_begun ? hop->starttransfer_us : whole_us) - ready_us - p->send_us);
    p->receive_us = not_below_0(whole_us - ready_us - p->send_us - p->wait_us);
}

struct fetch_hop_phases fetch_hop_phases(const struct fetch_hop *hop) {
    struct fetch_hop_phases p = {.dns_us = hop->lookup_us > 0 ? hop->lookup_us : -1, .connect_us = -1, .ssl_us = -1};
    int64_t until_us = hop->performed_us > 0 ? hop->performed_us : hop->ended_us;
    p.blocked_us = not_below_0(until_us - hop->started_us - hop->lookup_us);
    if (hop->performed_us > 0)
        split(hop, hop->ended_us - hop->performed_us, &p);
    return p;
}
