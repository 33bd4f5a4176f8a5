/* A list of fetches as a batch of the pool, and fetch_all, which waits for one. */
#ifndef FETCHPOOL_POOL_FETCH_BATCH_H
#define FETCHPOOL_POOL_FETCH_BATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "pool/fetch_item.h"
#include "pool/fetch_same.h"
#include "pool/pool.h"

#include <stddef.h>
#include <stdint.h>

struct fetch_batch;

/* Both are called without a lock of the pool held. */
struct fetch_batch_ops {
    /* The one result of an item; borrowed during the call. In the worker that fetched it, or in any thread for one that
     * was not fetched. Items that ask for the same get theirs one after the other in the same thread, with the same
     * `share`. */
    void (*result)(struct fetch_batch *b, size_t index, const struct fetch_result *result);
    /* All results were given; the batch may be freed here. In any thread. */
    void (*done)(struct fetch_batch *b);
};

/* Stands inside the caller's object. Between fetch_batch_init and fetch_batch_submit the caller fills `options` and
 * adds items; afterwards all may be read, nothing written. */
struct fetch_batch {
    struct batch batch;
    const struct fetch_batch_ops *ops;
    struct fetcher *fetcher;
    struct arena arena; /* holds what items and options point at */
    struct fetch_options options;
    struct fetch_item *items;
    size_t count;
    size_t capacity;
    bool keeps_hops; /* of all items: fetch_request */
    size_t max_concurrent;
    uint32_t per_host;     /* in flight to one host; 0: as many as the settings allow */
    int64_t host_delay_ms; /* between two starts of this batch to one host */
    int64_t deadline_ms;   /* monotonic, CLOCK_NEVER for none */
    const char *caller;    /* who asks; borrowed until `done` */
    bool plan;             /* nothing is fetched: fetch_plan */
    bool plan_is_told;     /* with what is for who looks after this service */
    bool dedupe;           /* what several items ask for is fetched once */
    bool submitted;
    struct fetch_same same; /* private */
};

void fetch_batch_init(struct fetch_batch *b, const struct fetch_batch_ops *ops);

/* Not while the pool has it. */
void fetch_batch_fini(struct fetch_batch *b);

/* Adds an item; what it points at must stand in the arena. ERR_NOMEM. */
enum err fetch_batch_add(struct fetch_batch *b, const struct fetch_item *item) ERR_MUST_CHECK;

/* pool_submit. `fetcher` is borrowed until `done`. The same errors. */
enum err fetch_batch_submit(struct fetch_batch *b, struct pool *pool, struct fetcher *fetcher) ERR_MUST_CHECK;

/* How many fetches its items need: fewer than there are items when some ask for the same. After fetch_batch_submit, be
 * it one that failed. */
size_t fetch_batch_fetches(const struct fetch_batch *b);

/* pool_hold, but `wanted` is an item. */
void fetch_batch_hold(struct fetch_batch *b, size_t wanted);

/* pool_cancel. */
void fetch_batch_cancel(struct fetch_batch *b, enum fetch_error reason);

/* Fetches `count` requests, `max_concurrent` at once, and waits: `results[i]`, which the caller has initialised, is
 * what came of `requests[i]`. Their `cancelled` and `deadline_ms` are not looked at. The errors of pool_submit, and
 * then no result is set. */
enum err fetch_all(struct pool *pool, struct fetcher *fetcher, const struct fetch_request *requests, size_t count,
                   size_t max_concurrent, struct fetch_result *results) ERR_MUST_CHECK;

#endif
