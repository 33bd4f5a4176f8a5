#include "pool/sched_wait.h"

#include <assert.h>

void sched_wait_add(struct sched_waits *w, struct sched_crowd *c, uint64_t items) {
    c->items += items;
    w->items[c->why] += items;
}

void sched_wait_take(struct sched_waits *w, struct sched_crowd *c, uint64_t items) {
    assert(c->items >= items);
    c->items -= items;
    w->items[c->why] -= items;
}

void sched_wait_change(struct sched_waits *w, struct sched_crowd *c, enum sched_wait why) {
    w->items[c->why] -= c->items;
    w->items[why] += c->items;
    c->why = why;
}
