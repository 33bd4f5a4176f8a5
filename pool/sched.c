#include "pool/sched.h"

#include "pool/sched_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void sched_init(struct sched *s, const struct sched_options *options) {
    assert(options->host_max_concurrent >= 1);
    *s = (struct sched){
        .options = *options,
        .limited.why = SCHED_WAIT_HOST,
        .in_vain.why = SCHED_WAIT_PAUSE,
        .asleep.why = SCHED_WAIT_RETRY,
    };
    list_init(&s->ring);
    list_init(&s->doomed);
    heap_init(&s->wakes);
    table_init(&s->hosts);
    table_init(&s->callers);
}

static void free_hosts(struct sched *s) {
    for (size_t i = 0; i < s->hosts.bucket_count; i++)
        for (struct table_node *node = table_bucket(&s->hosts, i), *next; node; node = next) {
            next = node->next;
            table_remove(&s->hosts, node);
            free(LIST_ENTRY(node, struct sched_host, in_table));
        }
}

void sched_fini(struct sched *s) {
    assert(s->waiting == 0 && s->running == 0);
    free_hosts(s);
    table_fini(&s->hosts);
    table_fini(&s->callers);
}

enum err sched_add(struct sched *s, struct sched_batch *b, const char *caller) {
    enum err err = sched_enter_caller(s, b, caller);
    if (err)
        return err;
    b->open = b->count;
    s->waiting += b->count;
    sched_wait_add(&s->waits, &b->ready, b->count);
    return ERR_NONE;
}

/* ---- items ---- */

/* It may start now, as far as time is concerned. */
static void count_ready(struct sched *s, struct sched_flow *f) {
    f->waiting++;
    sched_wait_add(&s->waits, sched_crowd_of(s, f), 1);
}

static void count_unready(struct sched *s, struct sched_flow *f) {
    f->waiting--;
    sched_wait_take(&s->waits, sched_crowd_of(s, f), 1);
}

static struct sched_again *pop_again(struct sched_flow *f, struct sched_again *wanted) {
    struct sched_again **at = &f->again;
    struct sched_again *before = NULL;
    while (wanted && *at != wanted) {
        before = *at;
        at = &before->next;
    }
    struct sched_again *a = *at;
    *at = a->next;
    if (f->last_again == a)
        f->last_again = before;
    if (f->batch->wanted_again == a)
        f->batch->wanted_again = NULL;
    list_remove(&a->in_batch);
    return a;
}

static size_t pop_next(struct sched_flow *f) {
    const struct sched_batch *b = f->batch;
    uint32_t index = f->next;
    if (b->items)
        f->next = b->items[index].next;
    else
        f->next = index + 1 < b->count ? index + 1 : SCHED_FLOW_END;
    return index;
}

/* What is to be run again goes first; of a held batch only the item that is wanted. */
static size_t pop_item(struct sched *s, struct sched_flow *f, struct sched_again **ret_again) {
    const struct sched_batch *b = f->batch;
    struct sched_again *a = b->held ? b->wanted_again : f->again;
    count_unready(s, f);
    *ret_again = a ? pop_again(f, a) : NULL;
    return a ? a->index : pop_next(f);
}

static void append_again(struct sched_flow *f, struct sched_again *a) {
    a->next = NULL;
    if (f->again)
        f->last_again->next = a;
    else
        f->again = a;
    f->last_again = a;
    if (a->index == f->batch->wanted)
        f->batch->wanted_again = a;
}

/* The item neither waits any more nor has it started. */
static void count_taken(struct sched *s, struct sched_flow *f) {
    s->waiting--;
    if (f->host)
        f->host->waiting--;
}

/* An item is done: the last of its flow lets go of the host, the last of the batch of the caller. */
static void count_done(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    if (--f->open == 0 && f->host)
        sched_leave_host(s, f, now_ms);
    if (--f->batch->open == 0)
        sched_leave_caller(s, f->batch);
}

/* ---- picking and finishing ---- */

/* A flow of the batch that can start an item now. Flows at the head of the ring whose host has filled up since, or was
 * paused, are parked. */
static struct sched_flow *first_startable(struct sched *s, struct sched_batch *b, int64_t now_ms) {
    for (;;) {
        struct list *node = list_first(&b->ring);
        if (!node)
            return NULL;
        struct sched_flow *f = b->held ? sched_flow_of(b, b->wanted) : LIST_ENTRY(node, struct sched_flow, link);
        if (sched_flow_has_place(s, f, now_ms))
            return f;
        sched_remove_flow(s, f);
        sched_place_flow(s, f, now_ms);
        if (b->held)
            return NULL;
    }
}

/* Not before `delay_ms` have passed: `now_ms` may be up to one less than it is. */
static int64_t after(int64_t now_ms, int64_t delay_ms) {
    return now_ms + 1 + delay_ms;
}

static void occupy_host(struct sched *s, struct sched_host *h, int64_t now_ms) {
    int64_t delay_ms = sched_host_delay_ms(s, h);
    h->in_flight++;
    if (delay_ms == 0)
        return;
    h->next_start_ms = after(now_ms, delay_ms);
    sched_serve_host(s, h, now_ms);
}

/* The batch and its caller have had their turn. */
static void start(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    struct sched_batch *b = f->batch;
    int failed = sem_trywait(&b->permits);
    assert(failed == 0);
    (void)failed;
    sched_remove_flow(s, f);
    list_remove(&b->in_caller);
    list_remove(&b->caller->in_ring);
    count_taken(s, f);
    s->running++;
    b->running++;
    f->in_flight++;
    if (f->host)
        occupy_host(s, f->host, now_ms);
    if (b->host_delay_ms > 0)
        f->next_start_ms = after(now_ms, b->host_delay_ms);
    sched_place_flow(s, f, now_ms);
    sched_place_batch(s, b);
}

struct sched_flow *sched_pick(struct sched *s, int64_t now_ms, size_t *ret_index, struct sched_again **ret_again) {
    for (;;) {
        struct list *node = list_first(&s->ring);
        if (!node)
            return NULL;
        struct sched_caller *caller = LIST_ENTRY(node, struct sched_caller, in_ring);
        struct sched_batch *b = LIST_ENTRY(list_first(&caller->ring), struct sched_batch, in_caller);
        struct sched_flow *f = first_startable(s, b, now_ms);
        if (!f) {
            sched_place_batch(s, b);
            continue;
        }
        *ret_index = pop_item(s, f, ret_again);
        start(s, f, now_ms);
        return f;
    }
}

static void sleep_again(struct sched *s, struct sched_flow *f, struct sched_again *a, int64_t at_ms, int64_t now_ms) {
    s->waiting++;
    if (f->host)
        f->host->waiting++;
    a->flow = f;
    a->wake = (struct sched_wake){.node.due_ms = at_ms, .kind = SCHED_WAKE_AGAIN};
    list_push_back(&f->batch->agains, &a->in_batch);
    if (at_ms <= now_ms) {
        count_ready(s, f);
        append_again(f, a);
    } else {
        sched_wait_add(&s->waits, &s->asleep, 1);
        heap_push(&s->wakes, &a->wake.node);
    }
}

void sched_finish(struct sched *s, struct sched_flow *f, struct sched_again *again, int64_t again_at_ms,
                  int64_t now_ms) {
    struct sched_batch *b = f->batch;
    struct sched_host *h = f->host;
    assert(!again || !b->closed);
    s->running--;
    b->running--;
    f->in_flight--;
    sem_post(&b->permits);
    if (again)
        sleep_again(s, f, again, again_at_ms, now_ms);
    if (f->state == SCHED_FLOW_OUT)
        sched_place_flow(s, f, now_ms);
    sched_place_batch(s, b);
    if (h) {
        h->in_flight--;
        sched_serve_host(s, h, now_ms);
    }
    if (!again)
        count_done(s, f, now_ms);
}

/* ---- time ---- */

static void wake_flow(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    if (f->state == SCHED_FLOW_TIMED)
        sched_set_state(s, f, SCHED_FLOW_OUT);
    if (f->state == SCHED_FLOW_OUT)
        sched_place_flow(s, f, now_ms);
    sched_place_batch(s, f->batch);
}

static void wake(struct sched *s, struct sched_wake *w, int64_t now_ms) {
    if (w->kind == SCHED_WAKE_HOST) {
        struct sched_host *h = LIST_ENTRY(w, struct sched_host, wake);
        sched_serve_host(s, h, now_ms);
        sched_forget_host(s, h, now_ms);
    } else if (w->kind == SCHED_WAKE_FLOW) {
        wake_flow(s, LIST_ENTRY(w, struct sched_flow, wake), now_ms);
    } else {
        struct sched_again *a = LIST_ENTRY(w, struct sched_again, wake);
        sched_wait_take(&s->waits, &s->asleep, 1);
        count_ready(s, a->flow);
        if (a->flow->batch->closed) /* sched_take_closed finds it through the batch */
            return;
        append_again(a->flow, a);
        wake_flow(s, a->flow, now_ms);
    }
}

void sched_advance(struct sched *s, int64_t now_ms) {
    for (;;) {
        struct heap_node *node = heap_first(&s->wakes);
        if (!node || node->due_ms > now_ms)
            return;
        heap_remove(&s->wakes, node);
        wake(s, LIST_ENTRY(node, struct sched_wake, node), now_ms);
    }
}

int64_t sched_next_due(const struct sched *s) {
    const struct heap_node *node = heap_first(&s->wakes);
    return node ? node->due_ms : CLOCK_NEVER;
}

bool sched_can_pick(const struct sched *s) {
    return !list_is_empty(&s->ring);
}

bool sched_has_doomed(const struct sched *s) {
    return !list_is_empty(&s->doomed);
}

/* ---- holding and closing ---- */

/* The places that are kept for its flows go to others. */
static void give_back_places(struct sched *s, struct sched_batch *b, int64_t now_ms) {
    struct list losers;
    list_init(&losers);
    while (b->granted > 0) { /* they stand at the front */
        struct list *node = list_first(&b->ring);
        struct sched_flow *f = LIST_ENTRY(node, struct sched_flow, link);
        list_remove(node);
        list_push_back(&losers, node);
        f->granted = false;
        f->host->granted--;
        b->granted--;
    }
    for (struct list *node = list_first(&losers); node; node = list_first(&losers)) {
        list_remove(node);
        list_push_back(&b->ring, node);
        sched_serve_host(s, LIST_ENTRY(node, struct sched_flow, link)->host, now_ms);
    }
}

void sched_hold(struct sched *s, struct sched_batch *b, size_t wanted, int64_t now_ms) {
    b->held = true;
    b->wanted = wanted;
    b->wanted_again = sched_find_again(b, wanted);
    give_back_places(s, b, now_ms);
    sched_place_batch(s, b);
}

void sched_release(struct sched *s, struct sched_batch *b) {
    b->held = false;
    sched_place_batch(s, b);
}

size_t sched_close(struct sched *s, struct sched_batch *b, int64_t now_ms) {
    b->closed = true;
    give_back_places(s, b, now_ms);
    sched_place_batch(s, b);
    return b->open - b->running;
}

/* The flow stands nowhere any more; what is to be run again is found through the batch. */
static void retire_flow(struct sched *s, struct sched_flow *f) {
    if (f->state != SCHED_FLOW_OUT)
        sched_remove_flow(s, f);
    f->again = f->last_again = NULL;
}

static struct sched_again *take_closed_again(struct sched *s, struct sched_batch *b) {
    struct list *node = list_first(&b->agains);
    struct sched_again *a = LIST_ENTRY(node, struct sched_again, in_batch);
    list_remove(node);
    if (heap_contains(&a->wake.node))
        sched_wait_take(&s->waits, &s->asleep, 1);
    else
        count_unready(s, a->flow);
    heap_remove(&s->wakes, &a->wake.node);
    return a;
}

void sched_take_closed(struct sched *s, struct sched_batch *b, int64_t now_ms, size_t *ret_index,
                       struct sched_again **ret_again) {
    struct sched_flow *f = NULL;
    assert(b->closed && b->open > b->running);
    while (b->emptied < b->flow_count && !f) {
        f = &b->flows[b->emptied];
        retire_flow(s, f);
        if (f->next == SCHED_FLOW_END) {
            b->emptied++;
            f = NULL;
        }
    }
    *ret_again = f ? NULL : take_closed_again(s, b);
    *ret_index = f ? pop_next(f) : (*ret_again)->index;
    if (f)
        count_unready(s, f);
    f = f ? f : (*ret_again)->flow;
    count_taken(s, f);
    count_done(s, f, now_ms);
}

/* Those of batches that were closed since are not: their items are taken by who has closed them. */
static struct sched_flow *first_doomed(struct sched *s) {
    for (struct list *node = list_first(&s->doomed); node; node = list_first(&s->doomed)) {
        struct sched_flow *f = LIST_ENTRY(node, struct sched_flow, link);
        if (!f->batch->closed)
            return f;
        sched_remove_flow(s, f);
    }
    return NULL;
}

struct sched_batch *sched_take_doomed(struct sched *s, int64_t now_ms, size_t *ret_index,
                                      struct sched_again **ret_again) {
    struct sched_flow *f = first_doomed(s);
    if (!f)
        return NULL;
    struct sched_batch *b = f->batch;
    *ret_again = f->again ? pop_again(f, NULL) : NULL;
    *ret_index = *ret_again ? (*ret_again)->index : pop_next(f);
    count_unready(s, f);
    if (f->waiting == 0)
        sched_remove_flow(s, f);
    count_taken(s, f);
    count_done(s, f, now_ms);
    return b;
}
