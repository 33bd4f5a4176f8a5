/* Batches whose items run again and lead to hosts, through the real pool: whatever comes, every item comes to one end.
 */
#include "pool/pool.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_state.h"
#include "unit.h"
#include "unit_random.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKERS = 8,
    HOST_LIMIT = 3,
    HOSTS = 5,
    MAX_WAITING = 20000,
    THREADS = 4,
    BATCHES = 100,
    MOST = 24,
    MANY = 3000
};

struct item {
    struct sched_again again;
    unsigned runs; /* wanted */
    atomic_uint ran;
    atomic_uint ended;
};

struct list_of {
    struct batch batch;
    struct item *items;
    size_t count;
    unsigned hosts;
    bool pauses, holds, cancels, waits;
    sem_t go; /* for items that wait for the test */
    sem_t done;
    atomic_uint done_calls;
    pthread_mutex_t lock; /* as that of an answer: is taken before the pool's */
    size_t ready;         /* items in front of it have ended */
    bool held;
};

static struct timers *timers;
static struct pool *pool;
static struct list_of lists[BATCHES];
static atomic_uint faults;
static _Atomic uint32_t random_seed;

static int begin_with(size_t max_waiting) {
    thread_init_signals();
    assert_int_equal(timers_create(&timers), ERR_NONE);
    const struct pool_options options = {
        .max_workers = WORKERS,
        .max_waiting = max_waiting,
        .idle_timeout_ms = 60 * 1000,
        .hosts = {.host_max_concurrent = HOST_LIMIT},
        .timers = timers,
    };
    faults = 0;
    random_seed = 1;
    assert_int_equal(pool_create(&options, &pool), ERR_NONE);
    return 0;
}

static int begin(void **state) {
    (void)state;
    return begin_with(MAX_WAITING);
}

static int begin_small(void **state) {
    (void)state;
    return begin_with(WORKERS);
}

static int end(void **state) {
    (void)state;
    pool_destroy(pool);
    timers_destroy(timers);
    assert_int_equal(faults, 0);
    return 0;
}

static uint32_t below(uint32_t n) {
    uint32_t state = (random_seed += 0x9e3779b9) | 1;
    (void)unit_random_below(&state, n);
    return unit_random_below(&state, n);
}

/* ---- the batch ---- */

static struct list_of *of(struct batch *b) {
    return LIST_ENTRY(b, struct list_of, batch);
}

static size_t host_of(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]) {
    const struct list_of *l = arg;
    if (index % 11 == 10 && l->hosts > 1)
        return 0;
    return (size_t)snprintf(ret_name, SCHED_HOST_NAME_BYTES, "host-%zu", index % l->hosts);
}

/* As an answer does it: a reader that is behind has its batch held but for the first item that has no result. */
static void end_item(struct list_of *l, size_t index) {
    pthread_mutex_lock(&l->lock);
    faults += l->items[index].ended++ != 0;
    size_t ready = l->ready;
    while (l->ready < l->count && l->items[l->ready].ended)
        l->ready++;
    bool begins = l->holds && !l->held && below(4) == 0;
    l->held = l->held || begins;
    if (begins || (l->held && ready != l->ready))
        pool_hold(&l->batch, l->ready < l->count ? l->ready : SCHED_NO_ITEM);
    pthread_mutex_unlock(&l->lock);
}

static void release(struct list_of *l) {
    pthread_mutex_lock(&l->lock);
    l->held = false;
    pool_release(&l->batch);
    pthread_mutex_unlock(&l->lock);
}

static void run_item(struct batch *b, size_t index, struct sched_again *again, struct batch_next *next) {
    struct list_of *l = of(b);
    struct item *it = &l->items[index];
    if (l->waits)
        thread_wait(&l->go);
    faults += again != (it->ran++ > 0 ? &it->again : NULL);
    if (l->pauses && below(8) == 0) {
        next->pause_until_ms = clock_now_ms() + below(6);
        (void)snprintf(next->host, sizeof next->host, "host-%u", below(l->hosts));
    }
    if (l->cancels && below(16) == 0)
        pool_cancel(b, FETCH_CANCELLED);
    if (it->ran == it->runs) {
        end_item(l, index);
        return;
    }
    memset(&it->again, 0xa5, sizeof it->again);
    it->again.index = index;
    next->again = &it->again;
    next->again_at_ms = clock_now_ms() + (l->waits ? 60 * 1000 : below(4));
}

static void skip_item(struct batch *b, size_t index, enum fetch_error reason, struct sched_again *again) {
    struct list_of *l = of(b);
    struct item *it = &l->items[index];
    faults += again != (it->ran > 0 ? &it->again : NULL);
    faults += reason != FETCH_CANCELLED && reason != FETCH_DEADLINE && reason != FETCH_HOST_PAUSED;
    memset(&it->again, 0xa5, sizeof it->again); /* nobody may follow it now */
    end_item(l, index);
}

static void done(struct batch *b) {
    struct list_of *l = of(b);
    l->done_calls++;
    sem_post(&l->done);
}

static const struct batch_ops ops = {.run = run_item, .skip = skip_item, .done = done};

static enum err init(struct list_of *l, size_t count, unsigned hosts, const struct sched_batch_options *more) {
    *l = (struct list_of){.count = count, .hosts = hosts};
    sem_init(&l->go, 0, 0);
    sem_init(&l->done, 0, 0);
    pthread_mutex_init(&l->lock, NULL);
    l->items = calloc(count, sizeof *l->items);
    if (!l->items)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        l->items[i].runs = 1;
    struct sched_batch_options options = *more;
    options.count = count;
    options.host_of = host_of;
    options.arg = l;
    return batch_init_by_host(&l->batch, &ops, &options);
}

static void fini(struct list_of *l) {
    sem_destroy(&l->go);
    sem_destroy(&l->done);
    pthread_mutex_destroy(&l->lock);
    free(l->items);
}

static void wait_end(struct list_of *l) {
    thread_wait(&l->done);
    for (size_t i = 0; i < l->count; i++)
        assert_int_equal(l->items[i].ended, 1);
    assert_int_equal(l->done_calls, 1);
    batch_fini(&l->batch);
    fini(l);
}

static struct pool_stats stats(void) {
    struct pool_stats got;
    pool_read_stats(pool, &got);
    return got;
}

/* ---- load ---- */

static void init_at_random(struct list_of *l) {
    const struct sched_batch_options options = {
        .max_concurrent = 1 + below(6),
        .deadline_ms = below(3) ? CLOCK_NEVER : clock_now_ms() + below(20),
        .host_delay_ms = below(4) ? 0 : 1 + below(2),
        .per_host = below(2) ? 0 : 1 + below(2 * HOST_LIMIT),
    };
    assert_int_equal(init(l, 1 + below(MOST), 1 + below(HOSTS), &options), ERR_NONE);
    for (size_t i = 0; i < l->count; i++)
        l->items[i].runs = 1 + below(4);
    l->pauses = below(3) == 0;
    l->holds = below(2);
    l->cancels = below(4) == 0;
}

/* Submits every fourth batch, and meddles with those that it has submitted. */
static void *submit_and_meddle(void *arg) {
    static const char *const callers[] = {"anna", "bert"};
    size_t first = *(const size_t *)arg;
    for (size_t i = first; i < BATCHES; i += THREADS) {
        lists[i].batch.caller = callers[below(2)];
        if (pool_submit(pool, &lists[i].batch))
            return NULL;
        struct list_of *l = &lists[first + below((uint32_t)((i - first) / THREADS + 1)) * THREADS];
        if (below(6) == 0)
            pool_cancel(&l->batch, FETCH_CANCELLED);
        else if (below(2))
            release(l);
    }
    return arg;
}

TEST(every_item_comes_to_one_end) {
    size_t firsts[THREADS];
    pthread_t threads[THREADS];
    void *result;
    for (size_t i = 0; i < BATCHES; i++)
        init_at_random(&lists[i]);
    for (size_t i = 0; i < THREADS; i++) {
        firsts[i] = i;
        assert_int_equal(thread_start("fp-load", submit_and_meddle, &firsts[i], false, &threads[i]), ERR_NONE);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &firsts[i]);
    }
    for (size_t i = 0; i < BATCHES; i++)
        wait_end(&lists[i]);
    assert_int_equal(stats().waiting, 0);
    assert_int_equal(stats().running, 0);
}

/* More than one slice of them, and timers that go on between the slices. */
TEST(many_items_that_wait_for_their_retry_are_cancelled) {
    struct list_of l;
    const struct sched_batch_options options = {.max_concurrent = WORKERS, .deadline_ms = CLOCK_NEVER};
    assert_int_equal(init(&l, MANY, 2, &options), ERR_NONE);
    for (size_t i = 0; i < MANY; i++)
        l.items[i].runs = 1000000;
    assert_int_equal(pool_submit(pool, &l.batch), ERR_NONE);
    while (l.items[MANY - 1].ran == 0)
        sched_yield();
    pool_cancel(&l.batch, FETCH_CANCELLED);
    wait_end(&l);
}

/* ---- a queue that is over its bound ---- */

TEST(queue_stays_full_while_what_was_started_comes_back) {
    struct list_of retried, queued, refused;
    const struct sched_batch_options options = {
        .max_concurrent = WORKERS, .deadline_ms = CLOCK_NEVER, .per_host = WORKERS};
    assert_int_equal(init(&retried, WORKERS, 1, &options), ERR_NONE);
    assert_int_equal(init(&queued, WORKERS, 1, &options), ERR_NONE);
    assert_int_equal(init(&refused, 1, 1, &options), ERR_NONE);
    retried.waits = true;
    for (size_t i = 0; i < WORKERS; i++)
        retried.items[i].runs = 2;
    assert_int_equal(pool_submit(pool, &retried.batch), ERR_NONE);
    while (stats().running < WORKERS)
        sched_yield();
    queued.batch.sched.held = true;
    assert_int_equal(pool_submit(pool, &queued.batch), ERR_NONE);
    for (size_t i = 0; i < WORKERS; i++)
        sem_post(&retried.go);
    while (stats().waiting < 2 * WORKERS)
        sched_yield();
    assert_int_equal(pool_submit(pool, &refused.batch), ERR_FULL);
    pool_cancel(&retried.batch, FETCH_CANCELLED);
    pool_cancel(&queued.batch, FETCH_CANCELLED);
    wait_end(&retried);
    wait_end(&queued);
    batch_fini(&refused.batch);
    fini(&refused);
}

/* ---- more hosts than are linked at once ---- */

static atomic_bool stop;

static void *cancel_all(void *arg) {
    while (!stop)
        pool_cancel_all(pool, FETCH_CANCELLED);
    return arg;
}

static void run_many(unsigned hosts, int64_t deadline_ms) {
    struct list_of l;
    const struct sched_batch_options options = {.max_concurrent = WORKERS, .deadline_ms = deadline_ms};
    assert_int_equal(init(&l, MANY, hosts, &options), ERR_NONE);
    assert_int_equal(pool_submit(pool, &l.batch), ERR_NONE);
    wait_end(&l);
}

TEST(batch_of_many_hosts_may_be_cancelled_while_it_is_submitted) {
    pthread_t thread;
    stop = false;
    assert_int_equal(thread_start("fp-load", cancel_all, NULL, false, &thread), ERR_NONE);
    for (int i = 0; i < 20; i++)
        run_many(MANY, CLOCK_NEVER);
    stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
}

TEST(batch_of_many_hosts_may_have_its_deadline_while_it_is_submitted) {
    for (int i = 0; i < 20; i++)
        run_many(MANY, clock_now_ms() + i / 4 - 1);
}

TEST(batch_of_many_hosts_runs_whole) {
    run_many(MANY, CLOCK_NEVER);
    assert_int_equal(stats().waiting, 0);
}

/* Skipping is no work that more workers would do faster. */
TEST(one_worker_skips_what_has_no_time_to_wait_for_its_host) {
    pthread_mutex_lock(&pool->lock);
    enum err err = sched_pause_host(&pool->sched, "host-0", CLOCK_NEVER, true, clock_now_ms());
    pthread_mutex_unlock(&pool->lock);
    assert_int_equal(err, ERR_NONE);
    run_many(1, clock_now_ms() + 60 * 1000);
    assert_int_equal(stats().workers, 1);
}

/* ---- memory ---- */

static void submit_one(void) {
    struct list_of l;
    const struct sched_batch_options options = {.max_concurrent = WORKERS, .deadline_ms = CLOCK_NEVER};
    enum err err = init(&l, MOST, MOST, &options);
    bool is_init = !err;
    if (!err)
        err = pool_submit(pool, &l.batch);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    if (!err) {
        wait_end(&l);
        return;
    }
    assert_int_equal(stats().waiting, 0);
    if (is_init)
        batch_fini(&l.batch);
    fini(&l);
}

TEST(batch_is_taken_whole_or_not_at_all_when_memory_runs_out) {
    submit_one(); /* so that there is a worker */
    unit_fail_each_allocation(submit_one);
    submit_one();
}

#define AGAIN_TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        AGAIN_TEST(every_item_comes_to_one_end, begin),
        AGAIN_TEST(many_items_that_wait_for_their_retry_are_cancelled, begin),
        AGAIN_TEST(queue_stays_full_while_what_was_started_comes_back, begin_small),
        AGAIN_TEST(batch_of_many_hosts_may_be_cancelled_while_it_is_submitted, begin),
        AGAIN_TEST(batch_of_many_hosts_may_have_its_deadline_while_it_is_submitted, begin),
        AGAIN_TEST(batch_of_many_hosts_runs_whole, begin),
        AGAIN_TEST(one_worker_skips_what_has_no_time_to_wait_for_its_host, begin),
        AGAIN_TEST(batch_is_taken_whole_or_not_at_all_when_memory_runs_out, begin),
    };
    return cmocka_run_group_tests_name("pool_again", tests, NULL, NULL);
}
