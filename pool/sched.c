#include "pool/sched.h"

#include <assert.h>

void sched_init(struct sched *s) {
    list_init(&s->ring);
    s->waiting = 0;
    s->running = 0;
}

void sched_batch_init(struct sched_batch *b, size_t count, size_t max_concurrent) {
    assert(max_concurrent >= 1);
    list_init(&b->in_ring);
    int failed = sem_init(&b->permits, 0, (unsigned)max_concurrent);
    assert(failed == 0);
    (void)failed;
    b->count = count;
    b->next = 0;
    b->held = false;
}

void sched_batch_fini(struct sched_batch *b) {
    assert(list_is_empty(&b->in_ring));
    sem_destroy(&b->permits);
}

static bool has_permit(struct sched_batch *b) {
    int value = 0;
    sem_getvalue(&b->permits, &value);
    return value > 0;
}

/* To the end of the ring if it can start an item, out of it if not: each pick is followed by this, so turns are
 * equal. */
static void place(struct sched *s, struct sched_batch *b) {
    list_remove(&b->in_ring);
    if (b->next < b->count && !b->held && has_permit(b))
        list_push_back(&s->ring, &b->in_ring);
}

void sched_add(struct sched *s, struct sched_batch *b) {
    s->waiting += b->count - b->next;
    place(s, b);
}

struct sched_batch *sched_pick(struct sched *s, size_t *ret_index) {
    struct list *node = list_first(&s->ring);
    if (!node)
        return NULL;
    struct sched_batch *b = LIST_ENTRY(node, struct sched_batch, in_ring);
    int failed = sem_trywait(&b->permits);
    assert(failed == 0);
    (void)failed;
    *ret_index = b->next++;
    s->waiting--;
    s->running++;
    place(s, b);
    return b;
}

void sched_finish(struct sched *s, struct sched_batch *b) {
    s->running--;
    sem_post(&b->permits);
    if (list_is_empty(&b->in_ring))
        place(s, b);
}

void sched_hold(struct sched_batch *b) {
    b->held = true;
    list_remove(&b->in_ring);
}

void sched_release(struct sched *s, struct sched_batch *b) {
    b->held = false;
    if (list_is_empty(&b->in_ring))
        place(s, b);
}

size_t sched_close(struct sched *s, struct sched_batch *b) {
    size_t first = b->next;
    s->waiting -= b->count - first;
    b->next = b->count;
    list_remove(&b->in_ring);
    return first;
}

bool sched_can_pick(const struct sched *s) {
    return !list_is_empty(&s->ring);
}
