#include "pool/batch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_state.h"

#include <assert.h>

/* A signal that lands just before a blocking call is lost, so it is repeated: soon, then patiently. */
static int64_t next_interrupt_ms(unsigned round) {
    return round < 3 ? 10 : round < 6 ? 50 : 200;
}

/* Interrupts the batch's workers, and sets itself again while there are any. */
void batch_interrupt_locked(struct batch *b) {
    if (b->done || list_is_empty(&b->running))
        return;
    LIST_FOR_EACH(node, &b->running) {
        thread_interrupt(LIST_ENTRY(node, struct worker, in_batch)->thread);
    }
    int64_t again_ms = clock_now_ms() + next_interrupt_ms(b->interrupts++);
    timers_set(b->pool->options.timers, &b->interrupt, again_ms);
}

static void interrupt_again(void *arg) {
    struct batch *b = arg;
    pthread_mutex_lock(&b->pool->lock);
    batch_interrupt_locked(b);
    pthread_mutex_unlock(&b->pool->lock);
}

void batch_put_off_locked(struct batch *b, struct batch_rest *rest) {
    b->unfinished++;
    list_push_back(&b->rests, &rest->in_batch);
    timers_set(b->pool->options.timers, &b->rest, clock_now_ms());
}

/* In the timers' thread, once for each part: the rest waits until the other timers had their turn. */
static void resume_rest(void *arg) {
    struct batch *b = arg;
    pthread_mutex_lock(&b->pool->lock);
    struct batch_rest *rest = LIST_ENTRY(list_first(&b->rests), struct batch_rest, in_batch);
    list_remove(&rest->in_batch);
    pthread_mutex_unlock(&b->pool->lock);
    bool more = b->ops->resume(b, rest);
    pthread_mutex_lock(&b->pool->lock);
    if (more)
        list_push_front(&b->rests, &rest->in_batch);
    if (!list_is_empty(&b->rests))
        timers_set(b->pool->options.timers, &b->rest, clock_now_ms());
    bool done = !more && batch_count_finished_locked(b, 1);
    pthread_mutex_unlock(&b->pool->lock);
    if (done)
        batch_finish(b);
}

enum err batch_init_by_host(struct batch *b, const struct batch_ops *ops, const struct sched_batch_options *options) {
    *b = (struct batch){.ops = ops,
                        .caller = "",
                        .longest_ms = CLOCK_NEVER,
                        .unfinished = options->count,
                        .deadline_ms = options->deadline_ms};
    enum err err = sched_batch_init(&b->sched, options);
    if (err)
        return err;
    list_init(&b->in_pool);
    list_init(&b->running);
    list_init(&b->rests);
    timer_event_init(&b->interrupt, interrupt_again, b);
    timer_event_init(&b->rest, resume_rest, b);
    atomic_init(&b->cancelled, FETCH_OK);
    return ERR_NONE;
}

void batch_init(struct batch *b, const struct batch_ops *ops, size_t count, size_t max_concurrent,
                int64_t deadline_ms) {
    const struct sched_batch_options options = {
        .count = count, .max_concurrent = max_concurrent, .deadline_ms = deadline_ms};
    enum err err = batch_init_by_host(b, ops, &options);
    assert(err == ERR_NONE); /* without hosts it needs no memory */
    (void)err;
}

void batch_fini(struct batch *b) {
    sched_batch_fini(&b->sched);
}

/* Once marked done under the lock, nobody sets its timers again, so they can be cancelled for good. */
void batch_finish(struct batch *b) {
    struct pool *p = b->pool;
    timers_cancel(p->options.timers, &b->deadline);
    timers_cancel(p->options.timers, &b->interrupt);
    timers_cancel(p->options.timers, &b->rest);
    b->ops->done(b); /* it may be freed by now */
    pthread_mutex_lock(&p->lock);
    p->open_batches--;
    if (pool_is_empty_locked(p))
        sem_post(&p->empty);
    pthread_mutex_unlock(&p->lock);
}

/* The fetches know when the deadline is: they may have ended of it before its timer has come. */
static void note_deadline(struct batch *b) {
    if (b->deadline_ms != CLOCK_NEVER && atomic_load(&b->cancelled) == FETCH_OK && clock_now_ms() >= b->deadline_ms)
        atomic_store(&b->cancelled, FETCH_DEADLINE);
}

bool batch_count_finished_locked(struct batch *b, size_t count) {
    b->unfinished -= count;
    if (b->unfinished > 0)
        return false;
    b->done = true;
    note_deadline(b);
    list_remove(&b->in_pool);
    if (b->is_scout)
        b->pool->scouts--;
    else
        b->pool->counts.batches_finished[pool_outcome_of(atomic_load(&b->cancelled))]++;
    pool_tell_locked(b->pool);
    return true;
}
