#include "pool/scout.h"

#include "base/clock.h"

/* Its coming back is all there is to it. */
static void run(struct batch *b, size_t index, struct sched_again *again, struct batch_next *next) {
    (void)b, (void)index, (void)again, (void)next;
}

static void skip(struct batch *b, size_t index, enum fetch_error reason, struct sched_again *again) {
    (void)b, (void)index, (void)reason, (void)again;
}

/* It may be sent again before this returns: the pool is done with it. */
static void done(struct batch *b) {
    atomic_store(&LIST_ENTRY(b, struct scout, batch)->is_in, false);
}

static const struct batch_ops scout_ops = {.run = run, .skip = skip, .done = done};

void scout_init(struct scout *p, struct pool *pool) {
    p->pool = pool;
    p->was_sent = false;
    atomic_init(&p->is_in, false);
}

void scout_fini(struct scout *p) {
    if (p->was_sent)
        batch_fini(&p->batch);
}

bool scout_send(struct scout *p) {
    if (scout_is_in(p))
        return true;
    scout_fini(p);
    batch_init(&p->batch, &scout_ops, 1, 1, CLOCK_NEVER);
    p->batch.caller = "scout";
    p->batch.is_scout = true;
    p->was_sent = true;
    atomic_store(&p->is_in, true);
    if (pool_submit(p->pool, &p->batch) == ERR_NONE)
        return true;
    atomic_store(&p->is_in, false);
    return false;
}

bool scout_is_in(const struct scout *p) {
    return atomic_load(&p->is_in);
}

void scout_recall(struct scout *p) {
    if (scout_is_in(p))
        pool_cancel(&p->batch, FETCH_SHUTDOWN);
}
