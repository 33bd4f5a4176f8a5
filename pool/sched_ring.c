#include "pool/sched_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t free_permits(struct sched_batch *b) {
    int value = 0;
    sem_getvalue(&b->permits, &value);
    return value > 0 ? (size_t)value : 0;
}

/* With `kept_places` for others. */
static bool has_place(const struct sched *s, const struct sched_host *h, uint32_t kept_places, int64_t now_ms) {
    if (sched_host_blocked_until(h, now_ms) != 0)
        return false;
    if (kept_places > 0 && sched_host_delay_ms(s, h) > 0)
        return false;
    return h->in_flight + kept_places < sched_host_max_concurrent(s, h);
}

bool sched_flow_has_place(const struct sched *s, const struct sched_flow *f, int64_t now_ms) {
    return !f->host || has_place(s, f->host, f->host->granted - f->granted, now_ms);
}

bool sched_host_outlasts(const struct sched_host *h, const struct sched_batch *b, int64_t now_ms) {
    return h->paused_until_ms > now_ms && h->paused_until_ms > b->deadline_ms;
}

struct sched_again *sched_find_again(const struct sched_batch *b, size_t index) {
    struct sched_again *a = index < b->count ? sched_flow_of(b, index)->again : NULL;
    while (a && a->index != index)
        a = a->next;
    return a;
}

/* ---- why items wait ---- */

struct sched_crowd *sched_crowd_of(struct sched *s, const struct sched_flow *f) {
    switch (f->state) {
    case SCHED_FLOW_NEW:
    case SCHED_FLOW_IN_RING:
        return &f->batch->ready;
    case SCHED_FLOW_PARKED:
        return &f->host->crowd;
    case SCHED_FLOW_DOOMED:
        return &s->in_vain;
    default:
        return &s->limited;
    }
}

void sched_set_state(struct sched *s, struct sched_flow *f, enum sched_flow_state state) {
    sched_wait_take(&s->waits, sched_crowd_of(s, f), f->waiting);
    f->state = state;
    sched_wait_add(&s->waits, sched_crowd_of(s, f), f->waiting);
}

static enum sched_wait why_ready_wait(struct sched_batch *b) {
    if (b->held)
        return SCHED_WAIT_READER;
    return free_permits(b) == 0 ? SCHED_WAIT_BATCH : SCHED_WAIT_WORKER;
}

/* ---- batches and callers ---- */

static struct sched_caller *find_or_create_caller(struct sched *s, const char *name) {
    size_t len = strlen(name);
    struct table_node *node = table_find(&s->callers, name, len);
    if (node)
        return LIST_ENTRY(node, struct sched_caller, in_table);
    struct sched_caller *caller = calloc(1, sizeof *caller + len + 1);
    if (!caller)
        return NULL;
    memcpy(caller->name, name, len);
    list_init(&caller->in_ring);
    list_init(&caller->ring);
    table_add(&s->callers, &caller->in_table, caller->name, len);
    return caller;
}

enum err sched_enter_caller(struct sched *s, struct sched_batch *b, const char *name) {
    b->caller = find_or_create_caller(s, name);
    if (!b->caller)
        return ERR_NOMEM;
    b->caller->batches++;
    return ERR_NONE;
}

void sched_leave_caller(struct sched *s, struct sched_batch *b) {
    struct sched_caller *caller = b->caller;
    b->caller = NULL;
    if (--caller->batches > 0)
        return;
    assert(list_is_empty(&caller->ring) && list_is_empty(&caller->in_ring));
    table_remove(&s->callers, &caller->in_table);
    free(caller);
}

/* The wanted item is among what the flow could start now. */
static bool wants(const struct sched_batch *b, const struct sched_flow *f) {
    return b->wanted < b->count && sched_flow_of(b, b->wanted) == f && (b->wanted_again || f->next == b->wanted);
}

static bool can_start(struct sched_batch *b) {
    if (b->closed || free_permits(b) == 0)
        return false;
    if (!b->held)
        return !list_is_empty(&b->ring);
    const struct sched_flow *f = b->wanted < b->count ? sched_flow_of(b, b->wanted) : NULL;
    return f && f->state == SCHED_FLOW_IN_RING && wants(b, f);
}

void sched_place_batch(struct sched *s, struct sched_batch *b) {
    struct sched_caller *caller = b->caller;
    if (!caller)
        return;
    sched_wait_change(&s->waits, &b->ready, why_ready_wait(b));
    if (!can_start(b))
        list_remove(&b->in_caller);
    else if (list_is_empty(&b->in_caller))
        list_push_back(&caller->ring, &b->in_caller);
    if (list_is_empty(&caller->ring))
        list_remove(&caller->in_ring);
    else if (list_is_empty(&caller->in_ring))
        list_push_back(&s->ring, &caller->in_ring);
}

/* ---- hosts ---- */

static void set_wake(struct sched *s, struct sched_wake *wake, int64_t due_ms) {
    if (heap_contains(&wake->node) && wake->node.due_ms == due_ms)
        return;
    heap_remove(&s->wakes, &wake->node);
    wake->node.due_ms = due_ms;
    heap_push(&s->wakes, &wake->node);
}

/* Somebody waits for the end of its pause or delay, or it is only remembered until then. */
static void arm_host(struct sched *s, struct sched_host *h, int64_t now_ms) {
    bool paused = h->paused_until_ms > now_ms;
    sched_wait_change(&s->waits, &h->crowd, paused ? SCHED_WAIT_PAUSE : SCHED_WAIT_HOST);
    int64_t until_ms = paused ? h->paused_until_ms : sched_host_blocked_until(h, now_ms);
    bool needed = !list_is_empty(&h->parked) || h->flows == 0;
    if (until_ms != 0 && until_ms != CLOCK_NEVER && needed)
        set_wake(s, &h->wake, until_ms);
    else
        heap_remove(&s->wakes, &h->wake.node);
}

/* A place is kept only for a flow whose batch will use it at its next turn, so that none lies idle. */
static bool can_be_granted(struct sched_flow *f) {
    struct sched_batch *b = f->batch;
    return !b->closed && free_permits(b) > b->granted && (!b->held || wants(b, f));
}

void sched_serve_host(struct sched *s, struct sched_host *h, int64_t now_ms) {
    while (!list_is_empty(&h->parked) && has_place(s, h, h->granted, now_ms)) {
        struct sched_flow *f = LIST_ENTRY(list_first(&h->parked), struct sched_flow, link);
        list_remove(&f->link);
        sched_set_state(s, f, SCHED_FLOW_IN_RING);
        f->granted = can_be_granted(f);
        h->granted += f->granted;
        f->batch->granted += f->granted;
        if (f->granted)
            list_push_front(&f->batch->ring, &f->link);
        else
            list_push_back(&f->batch->ring, &f->link);
        sched_place_batch(s, f->batch);
    }
    arm_host(s, h, now_ms);
}

struct sched_host *sched_create_host(struct sched *s, const char *name, size_t len) {
    struct sched_host *h = sched_host_create(name, len);
    if (!h)
        return NULL;
    table_add(&s->hosts, &h->in_table, h->name, len);
    s->kept_hosts++;
    return h;
}

void sched_forget_host(struct sched *s, struct sched_host *h, int64_t now_ms) {
    if (h->flows > 0)
        return;
    if (!sched_host_is_idle(h, now_ms) && (sched_host_is_set_by_hand(h) || s->kept_hosts <= SCHED_MAX_KEPT_HOSTS)) {
        arm_host(s, h, now_ms);
        return;
    }
    heap_remove(&s->wakes, &h->wake.node);
    table_remove(&s->hosts, &h->in_table);
    s->kept_hosts--;
    free(h);
}

/* ---- flows ---- */

/* At a host that is paused for longer than the batch has time, it would wait in vain. */
static void park(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    struct sched_host *h = f->host;
    bool in_vain = sched_host_outlasts(h, f->batch, now_ms);
    sched_set_state(s, f, in_vain ? SCHED_FLOW_DOOMED : SCHED_FLOW_PARKED);
    list_push_back(in_vain ? &s->doomed : &h->parked, &f->link);
    arm_host(s, h, now_ms);
}

void sched_place_flow(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    const struct sched_batch *b = f->batch;
    if (f->waiting == 0 || b->closed || (b->per_host > 0 && f->in_flight >= b->per_host))
        return;
    if (f->next_start_ms > now_ms) {
        sched_set_state(s, f, SCHED_FLOW_TIMED);
        set_wake(s, &f->wake, f->next_start_ms);
    } else if (!sched_flow_has_place(s, f, now_ms)) {
        park(s, f, now_ms);
    } else {
        sched_set_state(s, f, SCHED_FLOW_IN_RING);
        list_push_back(&f->batch->ring, &f->link);
    }
}

void sched_remove_flow(struct sched *s, struct sched_flow *f) {
    list_remove(&f->link);
    heap_remove(&s->wakes, &f->wake.node);
    sched_set_state(s, f, SCHED_FLOW_OUT);
    if (!f->granted)
        return;
    f->granted = false;
    f->host->granted--;
    f->batch->granted--;
}
