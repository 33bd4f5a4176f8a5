#include "unit_sched_wait.h"

#include "unit.h"

static uint64_t items_of(const struct list *flows) {
    uint64_t items = 0;
    LIST_FOR_EACH(node, flows) {
        items += LIST_ENTRY(node, struct sched_flow, link)->waiting;
    }
    return items;
}

/* How many of its items wait for the end of a pause. */
static uint64_t check_host(const struct sched_host *h, int64_t now_ms) {
    bool paused = h->paused_until_ms > now_ms;
    assert_int_equal(h->crowd.items, items_of(&h->parked));
    if (h->crowd.items > 0)
        assert_int_equal(h->crowd.why, paused ? SCHED_WAIT_PAUSE : SCHED_WAIT_HOST);
    return paused ? h->crowd.items : 0;
}

void unit_sched_check_waits(const struct sched *s, size_t sleeping, int64_t now_ms) {
    uint64_t told = 0, paused = 0;
    for (size_t i = 0; i < SCHED_WAIT_COUNT; i++)
        told += s->waits.items[i];
    assert_int_equal(told, s->waiting);
    for (size_t i = 0; i < s->hosts.bucket_count; i++)
        for (struct table_node *node = table_bucket(&s->hosts, i); node; node = node->next)
            paused += check_host(LIST_ENTRY(node, struct sched_host, in_table), now_ms);
    assert_int_equal(s->in_vain.items, items_of(&s->doomed));
    assert_int_equal(s->waits.items[SCHED_WAIT_PAUSE], paused + s->in_vain.items);
    assert_int_equal(s->waits.items[SCHED_WAIT_RETRY], sleeping);
}

void unit_sched_check_batch_waits(const struct sched_batch *b, bool has_permit) {
    uint64_t items = 0;
    for (size_t i = 0; i < b->flow_count; i++) {
        const struct sched_flow *f = &b->flows[i];
        items += f->state == SCHED_FLOW_NEW || f->state == SCHED_FLOW_IN_RING ? f->waiting : 0;
    }
    assert_int_equal(b->ready.items, items);
    if (b->held)
        assert_int_equal(b->ready.why, SCHED_WAIT_READER);
    else
        assert_int_equal(b->ready.why, has_permit ? SCHED_WAIT_WORKER : SCHED_WAIT_BATCH);
}
