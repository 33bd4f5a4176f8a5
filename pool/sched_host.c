#include "pool/sched_host.h"

#include <stdlib.h>
#include <string.h>

struct sched_host *sched_host_create(const char *name, size_t len) {
    struct sched_host *h = calloc(1, sizeof *h + len + 1);
    if (!h)
        return NULL;
    memcpy(h->name, name, len);
    list_init(&h->parked);
    list_init(&h->asking);
    h->crowd.why = SCHED_WAIT_HOST;
    h->wake.kind = SCHED_WAKE_HOST;
    h->delay_ms = SCHED_HOST_DEFAULT;
    h->max_concurrent = SCHED_HOST_DEFAULT;
    return h;
}

int64_t sched_host_blocked_until(const struct sched_host *h, int64_t now_ms) {
    int64_t until_ms = h->paused_until_ms > h->next_start_ms ? h->paused_until_ms : h->next_start_ms;
    return until_ms > now_ms ? until_ms : 0;
}

bool sched_host_is_idle(const struct sched_host *h, int64_t now_ms) {
    return h->flows == 0 && h->in_flight == 0 && !sched_host_is_set_by_hand(h) &&
           sched_host_blocked_until(h, now_ms) == 0;
}
