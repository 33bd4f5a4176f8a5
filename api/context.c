#include "api/context.h"

#include "api/api_state.h"

const struct api_options *api_options(const struct api *api) {
    return &api->options;
}

struct background *api_decoding(const struct api *api) {
    return api->decoding;
}

struct background *api_scraping(const struct api *api) {
    return api->scraping;
}

struct monitor *api_monitor(const struct api *api) {
    return api->monitor;
}

enum api_stage api_stage(const struct api *api) {
    return atomic_load(&api->stage);
}

bool api_is_draining(const struct api *api) {
    return api_stage(api) >= API_STAGE_DRAINING;
}

_Atomic size_t *api_held_bytes(struct api *api) {
    return &api->held_bytes;
}

struct traffic *api_traffic(struct api *api) {
    return &api->traffic;
}

void api_drop_body(struct request *r) {
    atomic_fetch_sub(&r->api->body_bytes, r->counted_bytes);
    r->counted_bytes = 0;
    buf_fini(&r->body);
}

bool api_is_full(const struct api *api) {
    struct clients_stats stats;
    clients_read_stats(api->clients, &stats);
    return stats.inside >= api->max_connections;
}

void api_count_rejected(struct api *api) {
    atomic_fetch_add(&api->rejected, 1);
}

uint64_t api_rejected(const struct api *api) {
    return atomic_load(&api->rejected);
}
