#include "pool/fetch_batch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "pool/fetch_plan.h"
#include "pool/retry.h"
#include "pool/stats.h"
#include "pool/url.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* ---- hosts ---- */

/* Reads the hosts of a list. Most URLs begin like the one before, and then lead to the same host. */
struct host_reader {
    const char *(*url_of)(const void *arg, size_t index);
    const void *arg;
    const char *start; /* of the URL before: scheme, host and port */
    size_t start_len;
    size_t name_len;
    char name[URL_HOST_MAX_BYTES];
};

static bool begins_like_before(const struct host_reader *reader, const char *url) {
    return reader->start && strncmp(url, reader->start, reader->start_len) == 0 &&
           strchr("/?#", url[reader->start_len]); /* the end of the text, too */
}

/* Nothing for what is not a URL. */
static void read_name(struct host_reader *reader, const char *url) {
    struct url_origin origin;
    struct url_user user;
    const char *reason;
    reader->start = NULL;
    reader->name_len = 0;
    if (url_check_with_user(url, &origin, &user, &reason))
        return;
    reader->start = url;
    reader->start_len = (size_t)(strstr(url, "://") - url) + 3;
    reader->start_len += strcspn(url + reader->start_len, "/?#");
    reader->name_len = url_host_name_len(&origin);
    memcpy(reader->name, origin.text + origin.host_start, reader->name_len);
}

static size_t read_host(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]) {
    struct host_reader *reader = arg;
    const char *url = reader->url_of(reader->arg, index);
    if (!begins_like_before(reader, url))
        read_name(reader, url);
    memcpy(ret_name, reader->name, reader->name_len);
    return reader->name_len;
}

/* ---- a list ---- */

/* The first item of a fetch. */
static size_t item_of(const struct fetch_batch *b, size_t fetch) {
    return b->same.first ? b->same.first[fetch] : fetch;
}

static const char *url_of_item(const void *arg, size_t index) {
    const struct fetch_batch *b = arg;
    return b->items[item_of(b, index)].url;
}

static struct fetch_batch *of_batch(struct batch *b) {
    return LIST_ENTRY(b, struct fetch_batch, batch);
}

static size_t count_same(const struct fetch_batch *b, size_t item) {
    size_t count = 0;
    for (uint32_t i = b->same.next[item]; i != FETCH_SAME_END; i = b->same.next[i])
        count++;
    return count;
}

/* ---- results ---- */

enum {
    BATCH_SAME_AT_ONCE = 16, /* others, whose result is not put off: at a deadline many fetches end together */
    BATCH_RESUME_RESULTS = 256,
};

/* A result that some items of its fetch have still to get. */
struct put_off {
    struct batch_rest rest;
    struct fetch_result result;
    struct fetch_share share;
    size_t item;
};

/* False: it has to be given at once. Else it is taken over. */
static bool put_off(struct fetch_batch *b, size_t fetch, struct fetch_result *result) {
    size_t item = item_of(b, fetch);
    size_t others = b->same.first ? count_same(b, item) : 0;
    struct put_off *p = others >= BATCH_SAME_AT_ONCE ? malloc(sizeof *p) : NULL;
    if (!p)
        return false;
    *p = (struct put_off){.result = *result, .share.left = others, .item = item};
    p->result.share = &p->share;
    fetch_result_init(result);
    pool_put_off(&b->batch, &p->rest);
    return true;
}

static bool resume(struct batch *batch, struct batch_rest *rest) {
    struct fetch_batch *b = of_batch(batch);
    struct put_off *p = LIST_ENTRY(rest, struct put_off, rest);
    for (size_t i = 0; i < BATCH_RESUME_RESULTS; i++) {
        b->ops->result(b, p->item, &p->result);
        if (p->share.left == 0) {
            fetch_result_fini(&p->result);
            free(p);
            return false;
        }
        p->item = b->same.next[p->item];
        p->share.left--;
    }
    return true;
}

/* To all items of the fetch. */
static void give_result(struct fetch_batch *b, size_t fetch, struct fetch_result *result) {
    struct fetch_share share = {.left = 0};
    size_t item = item_of(b, fetch);
    if (b->same.first && b->same.next[item] != FETCH_SAME_END) {
        share.left = count_same(b, item);
        result->share = &share;
    }
    b->ops->result(b, item, result);
    for (; share.left > 0; b->ops->result(b, item, result)) {
        item = b->same.next[item];
        share.left--;
    }
    result->share = NULL;
}

static void run(struct batch *batch, size_t index, struct sched_again *again, struct batch_next *next) {
    struct fetch_batch *b = of_batch(batch);
    const struct fetch_item *item = &b->items[item_of(b, index)];
    const struct fetch_request request = {
        .url = item->url,
        .options = item->options ? item->options : &b->options,
        .deadline_ms = b->deadline_ms,
        .cancelled = &batch->cancelled,
        .keeps_hops = b->keeps_hops,
    };
    struct fetch_result result;
    fetch_result_init(&result);
    result.timings.queue_us = clock_now_us() - batch->submitted_at_us;
    if (!again && !b->plan)
        stats_count_start(fetcher_counts(b->fetcher), result.timings.queue_us);
    if (b->plan) {
        fetch_plan(b->fetcher, b->plan_is_told ? batch->pool : NULL, &request, &result);
        give_result(b, index, &result);
    } else if (retry_run(b->fetcher, &request, index, again, &result, next)) {
        stats_count_result(fetcher_counts(b->fetcher), &result, true);
        pool_pause_now(batch, next);
        give_result(b, index, &result);
    }
    fetch_result_fini(&result);
}

static void skip(struct batch *batch, size_t index, enum fetch_error reason, struct sched_again *again) {
    struct fetch_batch *b = of_batch(batch);
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, reason, NULL);
    result.timings.queue_us = clock_now_us() - batch->submitted_at_us;
    bool was_started = again != NULL;
    retry_abandon(again, &result);
    if (!b->plan)
        stats_count_result(fetcher_counts(b->fetcher), &result, was_started);
    if (reason != FETCH_DEADLINE || !put_off(b, index, &result)) /* that comes in the timers' thread */
        give_result(b, index, &result);
    fetch_result_fini(&result);
}

static void done(struct batch *batch) {
    struct fetch_batch *b = of_batch(batch);
    b->ops->done(b);
}

static const struct batch_ops batch_ops = {.run = run, .skip = skip, .resume = resume, .done = done};

void fetch_batch_init(struct fetch_batch *b, const struct fetch_batch_ops *ops) {
    *b = (struct fetch_batch){.ops = ops, .max_concurrent = 1, .deadline_ms = CLOCK_NEVER, .caller = ""};
    arena_init(&b->arena);
}

void fetch_batch_fini(struct fetch_batch *b) {
    if (b->submitted)
        batch_fini(&b->batch);
    fetch_same_fini(&b->same);
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

static int64_t longest_of_batch_ms(const struct fetch_batch *b) {
    int64_t longest_ms = b->options.timeout_ms;
    for (size_t i = 0; i < b->count; i++) {
        const struct fetch_options *options = b->items[i].options;
        longest_ms = options && options->timeout_ms > longest_ms ? options->timeout_ms : longest_ms;
    }
    return longest_ms;
}

size_t fetch_batch_fetches(const struct fetch_batch *b) {
    return b->same.first ? b->same.count : b->count;
}

enum err fetch_batch_submit(struct fetch_batch *b, struct pool *pool, struct fetcher *fetcher) {
    struct host_reader reader = {.url_of = url_of_item, .arg = b};
    if (b->dedupe && !b->plan && fetch_same_init(&b->same, b->items, b->count, &b->options))
        return ERR_NOMEM;
    const struct sched_batch_options options = {
        .count = fetch_batch_fetches(b),
        .max_concurrent = b->max_concurrent,
        .deadline_ms = b->deadline_ms,
        .host_delay_ms = b->host_delay_ms,
        .per_host = b->per_host,
        .host_of = read_host,
        .arg = &reader,
    };
    b->fetcher = fetcher;
    enum err err = ERR_NONE;
    if (b->plan) /* it waits for no host */
        batch_init(&b->batch, &batch_ops, options.count, b->max_concurrent, b->deadline_ms);
    else
        err = batch_init_by_host(&b->batch, &batch_ops, &options);
    if (err)
        return err;
    b->batch.caller = b->caller;
    b->batch.longest_ms = longest_of_batch_ms(b);
    b->submitted = true;
    return pool_submit(pool, &b->batch);
}

/* An item that is not the first of its fetch has one before it, whose result came: its own is on its way. */
void fetch_batch_hold(struct fetch_batch *b, size_t wanted) {
    bool is_mapped = b->same.first && wanted != SCHED_NO_ITEM;
    pool_hold(&b->batch, is_mapped ? fetch_same_find(&b->same, wanted) : wanted);
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

static const char *url_of_request(const void *arg, size_t index) {
    return ((const struct fetch_all_call *)arg)->requests[index].url;
}

static void run_one(struct batch *batch, size_t index, struct sched_again *again, struct batch_next *next) {
    struct fetch_all_call *call = LIST_ENTRY(batch, struct fetch_all_call, batch);
    struct fetch_request request = call->requests[index];
    request.deadline_ms = CLOCK_NEVER;
    request.cancelled = &batch->cancelled;
    call->results[index].timings.queue_us = clock_now_us() - batch->submitted_at_us;
    if (!again)
        stats_count_start(fetcher_counts(call->fetcher), call->results[index].timings.queue_us);
    if (retry_run(call->fetcher, &request, index, again, &call->results[index], next)) /* at last it is the result */
        stats_count_result(fetcher_counts(call->fetcher), &call->results[index], true);
}

static void skip_one(struct batch *batch, size_t index, enum fetch_error reason, struct sched_again *again) {
    struct fetch_all_call *call = LIST_ENTRY(batch, struct fetch_all_call, batch);
    fetch_result_fail(&call->results[index], reason, NULL);
    bool was_started = again != NULL;
    retry_abandon(again, &call->results[index]);
    stats_count_result(fetcher_counts(call->fetcher), &call->results[index], was_started);
}

static void all_done(struct batch *batch) {
    sem_post(&LIST_ENTRY(batch, struct fetch_all_call, batch)->done);
}

static const struct batch_ops fetch_all_ops = {.run = run_one, .skip = skip_one, .done = all_done};

enum err fetch_all(struct pool *pool, struct fetcher *fetcher, const struct fetch_request *requests, size_t count,
                   size_t max_concurrent, struct fetch_result *results) {
    struct fetch_all_call call = {.fetcher = fetcher, .requests = requests, .results = results};
    struct host_reader reader = {.url_of = url_of_request, .arg = &call};
    const struct sched_batch_options options = {
        .count = count,
        .max_concurrent = max_concurrent,
        .deadline_ms = CLOCK_NEVER,
        .host_of = read_host,
        .arg = &reader,
    };
    enum err err = batch_init_by_host(&call.batch, &fetch_all_ops, &options);
    if (err)
        return err;
    sem_init(&call.done, 0, 0);
    err = pool_submit(pool, &call.batch);
    if (!err)
        thread_wait(&call.done);
    batch_fini(&call.batch);
    sem_destroy(&call.done);
    return err;
}
