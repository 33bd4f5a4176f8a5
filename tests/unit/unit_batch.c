#include "unit_batch.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/thread.h"
#include "pool/pool_state.h"
#include "unit.h"

#include <string.h>

/* ---- the pool ---- */

static atomic_uint told;
static atomic_size_t told_workers;

static void no_thread(size_t workers) {
    told++;
    told_workers = workers;
}

unsigned unit_pool_told(void) {
    return told;
}

size_t unit_pool_told_workers(void) {
    return told_workers;
}

void unit_pool_create(struct unit_pool *p, size_t max_workers, size_t max_waiting, int64_t idle_timeout_ms) {
    thread_init_signals();
    assert_int_equal(timers_create(&p->timers), ERR_NONE);
    const struct pool_options options = {
        .max_workers = max_workers,
        .max_waiting = max_waiting,
        .idle_timeout_ms = idle_timeout_ms,
        .hosts = {.host_max_concurrent = UNIT_BATCH_ITEMS},
        .timers = p->timers,
        .no_thread = no_thread,
    };
    told = 0;
    assert_int_equal(pool_create(&options, &p->pool), ERR_NONE);
}

void unit_pool_destroy(struct unit_pool *p) {
    pool_destroy(p->pool);
    timers_destroy(p->timers);
}

struct pool_stats unit_pool_stats(const struct unit_pool *p) {
    struct pool_stats stats;
    pool_read_stats(p->pool, &stats);
    return stats;
}

size_t unit_pool_idle(const struct unit_pool *p) {
    size_t count = 0;
    pthread_mutex_lock(&p->pool->lock);
    LIST_FOR_EACH(node, &p->pool->idle) {
        count++;
    }
    pthread_mutex_unlock(&p->pool->lock);
    return count;
}

/* ---- the batch ---- */

static struct unit_batch *of_batch(struct batch *b) {
    return LIST_ENTRY(b, struct unit_batch, batch);
}

static void run_item(struct batch *batch, size_t index, struct sched_again *again, struct batch_next *next) {
    (void)again, (void)next;
    struct unit_batch *b = of_batch(batch);
    unsigned now = ++b->running;
    unsigned most = b->most_running;
    while (now > most && !atomic_compare_exchange_weak(&b->most_running, &most, now))
        continue;
    b->ran[index]++;
    sem_post(&b->started);
    if (b->on_run)
        b->on_run(b, index);
    b->running--;
}

static void skip_item(struct batch *batch, size_t index, enum fetch_error reason, struct sched_again *again) {
    (void)again;
    struct unit_batch *b = of_batch(batch);
    b->reason = reason;
    b->skipped[index]++;
    if (b->on_skip)
        b->on_skip(b, index);
}

static void done(struct batch *batch) {
    struct unit_batch *b = of_batch(batch);
    void (*on_done)(struct unit_batch *) = b->on_done; /* the batch may be gone after the post */
    b->done_calls++;
    sem_post(&b->done);
    if (on_done)
        on_done(b);
}

static const struct batch_ops ops = {.run = run_item, .skip = skip_item, .done = done};

void unit_batch_init(struct unit_batch *b, size_t count, size_t max_concurrent) {
    unit_batch_init_until(b, count, max_concurrent, CLOCK_NEVER);
}

void unit_batch_init_until(struct unit_batch *b, size_t count, size_t max_concurrent, int64_t deadline_ms) {
    memset(b, 0, sizeof *b);
    b->count = count;
    sem_init(&b->started, 0, 0);
    sem_init(&b->go, 0, 0);
    sem_init(&b->done, 0, 0);
    batch_init(&b->batch, &ops, count, max_concurrent, deadline_ms);
}

void unit_batch_fini(struct unit_batch *b) {
    batch_fini(&b->batch);
    sem_destroy(&b->started);
    sem_destroy(&b->go);
    sem_destroy(&b->done);
}

void unit_batch_submit(struct unit_batch *b, const struct unit_pool *p) {
    assert_int_equal(pool_submit(p->pool, &b->batch), ERR_NONE);
}

void unit_batch_end(struct unit_batch *b) {
    thread_wait(&b->done);
    for (size_t i = 0; i < b->count; i++)
        assert_int_equal(b->ran[i] + b->skipped[i], 1);
    assert_int_equal(b->done_calls, 1);
    assert_int_equal(b->running, 0);
    unit_batch_fini(b);
}

static unsigned sum(const atomic_uint *counts, size_t n) {
    unsigned total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    return total;
}

unsigned unit_batch_count_run(const struct unit_batch *b) {
    return sum(b->ran, b->count);
}

unsigned unit_batch_count_skipped(const struct unit_batch *b) {
    return sum(b->skipped, b->count);
}

void unit_batch_wait_go(struct unit_batch *b, size_t index) {
    (void)index;
    thread_wait(&b->go);
}

void unit_batch_wait_cancel(struct unit_batch *b, size_t index) {
    sem_t never;
    (void)index;
    sem_init(&never, 0, 0);
    while (atomic_load(&b->batch.cancelled) == FETCH_OK)
        err_ignore(thread_wait_interruptible(&never, CLOCK_NEVER)); /* is asked again */
    sem_destroy(&never);
}
