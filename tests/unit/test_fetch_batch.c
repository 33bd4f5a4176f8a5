#include "pool/fetch_batch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/pool_state.h"
#include "unit.h"
#include "unit_fetch_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" body

enum { ITEMS = 40 };

static const struct unit_route routes[] = {
    {.path = "/a", .answer = OK("a")},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {.path = "/busy", .answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n"},
    {.path = "/cut", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nc", .then = UNIT_THEN_CLOSE},
    {0},
};

static int begin(void **state) {
    (void)state;
    unit_fetch_pool_begin(routes);
    return 0;
}

struct heard {
    struct fetch_batch batch;
    atomic_uint results[ITEMS];
    _Atomic(enum fetch_error) errors[ITEMS];
    atomic_int statuses[ITEMS];
    atomic_uint result_count;
    bool cancels;          /* at the first result */
    atomic_bool is_paused; /* the host, when the last result came */
    sem_t *freed;
    sem_t done;
};

static struct heard *of(struct fetch_batch *b) {
    return LIST_ENTRY(b, struct heard, batch);
}

static bool host_is_paused(void) {
    pthread_mutex_lock(&with.pool->lock);
    const struct sched_host *h = sched_find_host(&with.pool->sched, "127.0.0.1");
    bool is_paused = h && h->paused_until_ms > clock_now_ms();
    pthread_mutex_unlock(&with.pool->lock);
    return is_paused;
}

static void hear_result(struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    struct heard *h = of(b);
    h->results[index]++;
    h->errors[index] = result->error;
    h->statuses[index] = result->status;
    h->is_paused = host_is_paused();
    if (h->result_count++ == 0 && h->cancels)
        fetch_batch_cancel(b, FETCH_CANCELLED);
}

static void hear_done(struct fetch_batch *b) {
    sem_post(&of(b)->done);
}

static const struct fetch_batch_ops ops = {.result = hear_result, .done = hear_done};

static void init(struct heard *h, size_t max_concurrent) {
    memset(h, 0, sizeof *h);
    sem_init(&h->done, 0, 0);
    fetch_batch_init(&h->batch, &ops);
    h->batch.options = with.options;
    h->batch.max_concurrent = max_concurrent;
}

static void fini(struct heard *h) {
    fetch_batch_fini(&h->batch);
    sem_destroy(&h->done);
}

static void add(struct heard *h, const char *path, const struct fetch_options *of_item) {
    const char *url = unit_origin_url(&with.origin, path);
    const struct fetch_item item = {.url = arena_copy(&h->batch.arena, url, strlen(url)), .options = of_item};
    assert_int_equal(fetch_batch_add(&h->batch, &item), ERR_NONE);
}

static void submit(struct heard *h) {
    assert_int_equal(fetch_batch_submit(&h->batch, with.pool, with.fetcher.fetcher), ERR_NONE);
}

static void wait_until_done(struct heard *h) {
    thread_wait(&h->done);
    for (size_t i = 0; i < h->batch.count; i++)
        assert_int_equal(h->results[i], 1);
    assert_int_equal(h->result_count, h->batch.count);
}

static void assert_errors(const struct heard *h, enum fetch_error error) {
    for (size_t i = 0; i < h->batch.count; i++)
        assert_int_equal(h->errors[i], error);
}

TEST(each_item_has_one_result) {
    struct heard h;
    init(&h, 5);
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, i % 4 == 3 ? "/cut" : i % 4 == 2 ? "/none" : "/a", NULL);
    submit(&h);
    wait_until_done(&h);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(h.errors[i], i % 4 == 3 ? FETCH_RECV : FETCH_OK);
        assert_int_equal(h.statuses[i], i % 4 == 3 ? 0 : i % 4 == 2 ? 404 : 200);
    }
    fini(&h);
}

TEST(item_may_have_its_own_options) {
    struct heard h;
    init(&h, 2);
    struct fetch_options own = with.options;
    own.method = "OPTIONS";
    own.max_size_bytes = 0;
    add(&h, "/a", &own);
    add(&h, "/a", NULL);
    submit(&h);
    wait_until_done(&h);
    assert_int_equal(h.errors[0], FETCH_TOO_LARGE);
    assert_int_equal(h.errors[1], FETCH_OK);
    fini(&h);
}

TEST(items_that_ask_for_the_same_are_fetched_once) {
    struct heard h;
    init(&h, 3);
    h.batch.dedupe = true;
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, i % 3 == 0 ? "/cut" : i % 3 == 1 ? "/none" : "/a", NULL);
    submit(&h);
    wait_until_done(&h);
    assert_int_equal(fetch_batch_fetches(&h.batch), 3);
    assert_int_equal(unit_origin_requests(&with.origin), 3);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(h.statuses[i], i % 3 == 0 ? 0 : i % 3 == 1 ? 404 : 200);
    fini(&h);
}

TEST(cancel_ends_items_that_ask_for_the_same) {
    struct heard h;
    init(&h, 1);
    h.batch.dedupe = true;
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, i % 2 == 0 ? "/silent" : "/a", NULL);
    submit(&h);
    thread_wait(&with.origin.arrived);
    fetch_batch_cancel(&h.batch, FETCH_CANCELLED);
    wait_until_done(&h);
    assert_errors(&h, FETCH_CANCELLED);
    assert_int_equal(unit_origin_requests(&with.origin), 1);
    fini(&h);
}

/* Items that are not the first of their fetch want nothing: it was started. */
TEST(batch_is_held_by_its_items) {
    struct heard h;
    init(&h, 1);
    h.batch.dedupe = true;
    static const char *const paths[] = {"/silent", "/a", "/silent", "/none", "/a"};
    static const size_t wanted[] = {0, 1, SCHED_NO_ITEM, 2, SCHED_NO_ITEM};
    for (size_t i = 0; i < 5; i++)
        add(&h, paths[i], NULL);
    submit(&h);
    thread_wait(&with.origin.arrived);
    for (size_t i = 0; i < 5; i++) {
        fetch_batch_hold(&h.batch, i);
        assert_true(h.batch.batch.sched.wanted == wanted[i]);
    }
    fetch_batch_hold(&h.batch, SCHED_NO_ITEM);
    assert_true(h.batch.batch.sched.wanted == SCHED_NO_ITEM);
    fetch_batch_cancel(&h.batch, FETCH_CANCELLED);
    wait_until_done(&h);
    fini(&h);
}

/* Who hears of it may come back at once. */
TEST(host_that_asks_for_it_is_paused_before_the_result_is_known) {
    struct heard h;
    init(&h, 1);
    add(&h, "/busy", NULL);
    submit(&h);
    wait_until_done(&h);
    assert_int_equal(h.statuses[0], 503);
    assert_true(h.is_paused);
    fini(&h);
}

TEST(empty_batch_is_done) {
    struct heard h;
    init(&h, 5);
    submit(&h);
    wait_until_done(&h);
    fini(&h);
}

TEST(cancel_ends_what_runs_and_skips_the_rest) {
    struct heard h;
    init(&h, 3);
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, "/silent", NULL);
    submit(&h);
    for (int i = 0; i < 3; i++)
        thread_wait(&with.origin.arrived);
    fetch_batch_cancel(&h.batch, FETCH_CANCELLED);
    wait_until_done(&h);
    assert_errors(&h, FETCH_CANCELLED);
    for (int i = 0; i < 3; i++)
        thread_wait(&with.origin.left);
    assert_int_equal(unit_origin_requests(&with.origin), 3);
    fini(&h);
}

TEST(result_may_cancel_its_batch) {
    struct heard h;
    init(&h, 1);
    h.cancels = true;
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, "/a", NULL);
    submit(&h);
    wait_until_done(&h);
    assert_int_equal(h.statuses[0], 200);
    for (size_t i = 1; i < ITEMS; i++)
        assert_int_equal(h.errors[i], FETCH_CANCELLED);
    fini(&h);
}

TEST(deadline_ends_what_runs_and_skips_the_rest) {
    struct heard h;
    init(&h, 2);
    h.batch.deadline_ms = clock_now_ms() + 15;
    for (size_t i = 0; i < ITEMS; i++)
        add(&h, "/silent", NULL);
    submit(&h);
    wait_until_done(&h);
    assert_true(clock_now_ms() >= h.batch.deadline_ms);
    assert_errors(&h, FETCH_DEADLINE);
    fini(&h);
}

/* ---- a deadline of many items that ask for the same ---- */

enum { MANY = 5000 };

struct crowd {
    struct fetch_batch batch;
    struct timer_event other;
    size_t next;      /* the item whose result is to come */
    size_t had_other; /* results when the other timer had its turn */
    sem_t done;
};

static void have_turn(void *arg) {
    struct crowd *c = arg;
    c->had_other = c->next;
}

static void count_result(struct fetch_batch *b, size_t index, const struct fetch_result *result) {
    struct crowd *c = LIST_ENTRY(b, struct crowd, batch);
    assert_int_equal(index, c->next++);
    assert_int_equal(result->error, FETCH_DEADLINE);
    assert_int_equal(result->share->left, MANY - c->next);
    if (index == 0) /* it is late, and so comes before whatever is due now */
        timers_set(with.fetcher.timers, &c->other, clock_now_ms() - 1);
}

static void crowd_is_done(struct fetch_batch *b) {
    sem_post(&LIST_ENTRY(b, struct crowd, batch)->done);
}

/* All workers have something else to do, so that it is the timers' thread that ends it. */
TEST(deadline_of_many_that_ask_for_the_same_lets_other_timers_run) {
    static const struct fetch_batch_ops crowd_ops = {.result = count_result, .done = crowd_is_done};
    struct crowd c = {.next = 0};
    struct heard busy;
    init(&busy, UNIT_FETCH_WORKERS);
    for (size_t i = 0; i < UNIT_FETCH_WORKERS; i++)
        add(&busy, "/silent", NULL);
    submit(&busy);
    for (size_t i = 0; i < UNIT_FETCH_WORKERS; i++)
        thread_wait(&with.origin.arrived);
    sem_init(&c.done, 0, 0);
    timer_event_init(&c.other, have_turn, &c);
    fetch_batch_init(&c.batch, &crowd_ops);
    c.batch.options = with.options;
    c.batch.dedupe = true;
    c.batch.deadline_ms = clock_now_ms();
    const struct fetch_item item = {.url = "http://127.0.0.1/"};
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(fetch_batch_add(&c.batch, &item), ERR_NONE);
    assert_int_equal(fetch_batch_submit(&c.batch, with.pool, with.fetcher.fetcher), ERR_NONE);
    thread_wait(&c.done);
    timers_cancel(with.fetcher.timers, &c.other);
    assert_int_equal(c.next, MANY);
    assert_in_range(c.had_other, 1, MANY / 2);
    fetch_batch_fini(&c.batch);
    sem_destroy(&c.done);
    fetch_batch_cancel(&busy.batch, FETCH_CANCELLED);
    wait_until_done(&busy);
    fini(&busy);
}

TEST(refused_batch_gives_no_result) {
    struct heard h;
    init(&h, 2);
    add(&h, "/a", NULL);
    pool_close(with.pool);
    assert_int_equal(fetch_batch_submit(&h.batch, with.pool, with.fetcher.fetcher), ERR_CLOSED);
    assert_int_equal(h.result_count, 0);
    fini(&h);
}

TEST(batch_that_was_not_submitted_can_be_dropped) {
    struct heard h;
    init(&h, 2);
    add(&h, "/a", NULL);
    fini(&h);
}

static void free_when_done(struct fetch_batch *b) {
    struct heard *h = of(b);
    sem_t *freed = h->freed;
    fini(h);
    free(h);
    sem_post(freed);
}

TEST(batch_may_be_freed_when_it_is_done) {
    static const struct fetch_batch_ops freeing = {.result = hear_result, .done = free_when_done};
    sem_t freed;
    sem_init(&freed, 0, 0);
    for (size_t count = 0; count < 6; count++) {
        struct heard *h = malloc(sizeof *h);
        init(h, 2);
        h->batch.ops = &freeing;
        h->freed = &freed;
        h->cancels = count > 3;
        for (size_t i = 0; i < count; i++)
            add(h, "/a", NULL);
        submit(h);
        thread_wait(&freed);
    }
    sem_destroy(&freed);
}

static void add_some(void) {
    struct heard h;
    init(&h, 1);
    const struct fetch_item item = {.url = "http://a.example/"};
    size_t added = 0;
    for (int i = 0; i < 20; i++)
        added += fetch_batch_add(&h.batch, &item) == ERR_NONE;
    assert_int_equal(h.batch.count, added);
    assert_int_equal(added == 20, unit_failed_allocations() == 0);
    fini(&h);
}

TEST(item_without_memory_is_not_added) {
    unit_fail_each_allocation(add_some);
}

#define BATCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, unit_fetch_pool_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        BATCH_TEST(each_item_has_one_result),
        BATCH_TEST(item_may_have_its_own_options),
        BATCH_TEST(items_that_ask_for_the_same_are_fetched_once),
        BATCH_TEST(cancel_ends_items_that_ask_for_the_same),
        BATCH_TEST(batch_is_held_by_its_items),
        BATCH_TEST(host_that_asks_for_it_is_paused_before_the_result_is_known),
        BATCH_TEST(empty_batch_is_done),
        BATCH_TEST(cancel_ends_what_runs_and_skips_the_rest),
        BATCH_TEST(result_may_cancel_its_batch),
        BATCH_TEST(deadline_ends_what_runs_and_skips_the_rest),
        BATCH_TEST(deadline_of_many_that_ask_for_the_same_lets_other_timers_run),
        BATCH_TEST(refused_batch_gives_no_result),
        BATCH_TEST(batch_that_was_not_submitted_can_be_dropped),
        BATCH_TEST(batch_may_be_freed_when_it_is_done),
        BATCH_TEST(item_without_memory_is_not_added),
    };
    return cmocka_run_group_tests_name("fetch_batch", tests, unit_fetch_pool_begin_all, unit_fetch_pool_end_all);
}
