#include "pool/fetch_batch.h"

#include "base/clock.h"
#include "base/thread.h"

#include <semaphore.h>
#include <stdlib.h>

static struct fetch_batch *of_batch(struct batch *b) {
    return LIST_ENTRY(b, struct fetch_batch, batch);
}

static void run(struct batch *batch, size_t index) {
    struct fetch_batch *b = of_batch(batch);
    const struct fetch_item *item = &b->items[index];
    const struct fetch_request request = {
        .url = item->url,
        .options = item->options ? item->options : &b->options,
        .deadline_ms = b->deadline_ms,
        .cancelled = &batch->cancelled,
    };
    struct fetch_result result;
    fetch_result_init(&result);
    result.timings.queue_us = clock_now_us() - batch->submitted_at_us;
    fetch_url(b->fetcher, &request, &result);
    b->ops->result(b, index, &result);
    fetch_result_fini(&result);
}

static void skip(struct batch *batch, size_t index, enum fetch_error reason) {
    struct fetch_batch *b = of_batch(batch);
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, reason, NULL);
    result.timings.queue_us = clock_now_us() - batch->submitted_at_us;
    b->ops->result(b, index, &result);
}

static void done(struct batch *batch) {
    struct fetch_batch *b = of_batch(batch);
    b->ops->done(b);
}

static const struct batch_ops batch_ops = {.run = run, .skip = skip, .done = done};

void fetch_batch_init(struct fetch_batch *b, const struct fetch_batch_ops *ops) {
    *b = (struct fetch_batch){.ops = ops, .max_concurrent = 1, .deadline_ms = CLOCK_NEVER};
    arena_init(&b->arena);
}

void fetch_batch_fini(struct fetch_batch *b) {
    if (b->submitted)
        batch_fini(&b->batch);
    arena_fini(&b->arena);
    free(b->items);
}

enum err fetch_batch_add(struct fetch_batch *b, const struct fetch_item *item) {
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 8;
        struct fetch_item *items = realloc(b->items, capacity * sizeof *items);
        if (!items)
            return ERR_NOMEM;
        b->items = items;
        b->capacity = capacity;
    }
    b->items[b->count++] = *item;
    return ERR_NONE;
}

enum err fetch_batch_submit(struct fetch_batch *b, struct pool *pool, struct fetcher *fetcher) {
    b->fetcher = fetcher;
    batch_init(&b->batch, &batch_ops, b->count, b->max_concurrent, b->deadline_ms);
    b->submitted = true;
    return pool_submit(pool, &b->batch);
}

void fetch_batch_cancel(struct fetch_batch *b, enum fetch_error reason) {
    pool_cancel(&b->batch, reason);
}

/* ---- fetch_all ---- */

struct fetch_all_call {
    struct batch batch;
    struct fetcher *fetcher;
    const struct fetch_request *requests;
    struct fetch_result *results;
    sem_t done;
};

static void run_one(struct batch *batch, size_t index) {
    struct fetch_all_call *call = LIST_ENTRY(batch, struct fetch_all_call, batch);
    struct fetch_request request = call->requests[index];
    request.deadline_ms = CLOCK_NEVER;
    request.cancelled = &batch->cancelled;
    call->results[index].timings.queue_us = clock_now_us() - batch->submitted_at_us;
    fetch_url(call->fetcher, &request, &call->results[index]);
}

static void skip_one(struct batch *batch, size_t index, enum fetch_error reason) {
    struct fetch_all_call *call = LIST_ENTRY(batch, struct fetch_all_call, batch);
    fetch_result_fail(&call->results[index], reason, NULL);
}

static void all_done(struct batch *batch) {
    sem_post(&LIST_ENTRY(batch, struct fetch_all_call, batch)->done);
}

static const struct batch_ops fetch_all_ops = {.run = run_one, .skip = skip_one, .done = all_done};

enum err fetch_all(struct pool *pool, struct fetcher *fetcher, const struct fetch_request *requests, size_t count,
                   size_t max_concurrent, struct fetch_result *results) {
    struct fetch_all_call call = {.fetcher = fetcher, .requests = requests, .results = results};
    sem_init(&call.done, 0, 0);
    batch_init(&call.batch, &fetch_all_ops, count, max_concurrent, CLOCK_NEVER);
    enum err err = pool_submit(pool, &call.batch);
    if (!err)
        thread_wait(&call.done);
    batch_fini(&call.batch);
    sem_destroy(&call.done);
    return err;
}
