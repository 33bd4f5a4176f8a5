#include "pool/sched.h"
#include "pool/sched_ring.h"

#include <string.h>

int64_t sched_host_max_concurrent(const struct sched *s, const struct sched_host *h) {
    if (h->max_concurrent != SCHED_HOST_DEFAULT)
        return h->max_concurrent;
    return h->asked > s->options.host_max_concurrent ? h->asked : s->options.host_max_concurrent;
}

int64_t sched_host_delay_ms(const struct sched *s, const struct sched_host *h) {
    return h->delay_ms != SCHED_HOST_DEFAULT ? h->delay_ms : s->options.host_delay_ms;
}

static struct sched_host *find(const struct sched *s, const char *name) {
    struct table_node *node = table_find(&s->hosts, name, strlen(name));
    return node ? LIST_ENTRY(node, struct sched_host, in_table) : NULL;
}

const struct sched_host *sched_find_host(const struct sched *s, const char *name) {
    return find(s, name);
}

/* A host that nothing leads to is remembered only as long as there are not too many. */
static enum err find_or_remember(struct sched *s, const char *name, struct sched_host **ret_host) {
    *ret_host = find(s, name);
    if (*ret_host)
        return ERR_NONE;
    if (s->kept_hosts >= SCHED_MAX_KEPT_HOSTS)
        return ERR_FULL;
    *ret_host = sched_create_host(s, name, strlen(name));
    return *ret_host ? ERR_NONE : ERR_NOMEM;
}

/* Those parked there that have no time to wait are doomed; the others may have a place now. */
static void sort_parked(struct sched *s, struct sched_host *h, int64_t now_ms) {
    for (struct list *node = h->parked.next, *next; node != &h->parked; node = next) {
        struct sched_flow *f = LIST_ENTRY(node, struct sched_flow, link);
        next = node->next;
        if (sched_host_outlasts(h, f->batch, now_ms)) {
            sched_remove_flow(s, f);
            sched_place_flow(s, f, now_ms);
        }
    }
    sched_serve_host(s, h, now_ms);
    sched_forget_host(s, h, now_ms);
}

enum err sched_pause_host(struct sched *s, const char *name, int64_t until_ms, bool force, int64_t now_ms) {
    struct sched_host *h;
    enum err err = find_or_remember(s, name, &h);
    if (err)
        return err;
    if (force || until_ms > h->paused_until_ms)
        h->paused_until_ms = until_ms;
    sort_parked(s, h, now_ms);
    return ERR_NONE;
}

void sched_adjust_host(struct sched *s, struct sched_host *h, int64_t now_ms) {
    if (sched_host_delay_ms(s, h) == 0)
        h->next_start_ms = 0;
    sort_parked(s, h, now_ms);
}

enum err sched_limit_host(struct sched *s, const char *name, int64_t max_concurrent, int64_t delay_ms, int64_t now_ms) {
    struct sched_host *h;
    enum err err = find_or_remember(s, name, &h);
    if (err)
        return err;
    h->max_concurrent = max_concurrent;
    h->delay_ms = delay_ms;
    sched_adjust_host(s, h, now_ms);
    return ERR_NONE;
}
