/* A batch for tests of the pool: its items do what a test says, and it counts what became of them. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_BATCH_H
#define FETCHPOOL_TESTS_UNIT_UNIT_BATCH_H

#include "pool/pool.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>

enum { UNIT_BATCH_ITEMS = 128 };

struct unit_batch {
    struct batch batch;
    size_t count;
    void (*on_run)(struct unit_batch *b, size_t index);  /* what an item does, may be NULL */
    void (*on_skip)(struct unit_batch *b, size_t index); /* may be NULL */
    void (*on_done)(struct unit_batch *b);               /* after `done` was posted; may be NULL */
    sem_t started;                                       /* posted by each item that begins */
    sem_t go;                                            /* for items that wait for the test */
    sem_t done;                                          /* posted by `done` */
    atomic_uint ran[UNIT_BATCH_ITEMS];
    atomic_uint skipped[UNIT_BATCH_ITEMS];
    _Atomic(enum fetch_error) reason; /* of the item skipped last */
    atomic_uint running;
    atomic_uint most_running;
    atomic_uint done_calls;
    void *arg;
};

/* A pool of `max_workers`, with timers of its own and room for `max_waiting` items. */
struct unit_pool {
    struct timers *timers;
    struct pool *pool;
};

void unit_pool_create(struct unit_pool *p, size_t max_workers, size_t max_waiting, int64_t idle_timeout_ms);
void unit_pool_destroy(struct unit_pool *p);
struct pool_stats unit_pool_stats(const struct unit_pool *p);

/* How often a pool has told that it has no thread, since unit_pool_create, and with how many workers the last time. */
unsigned unit_pool_told(void);
size_t unit_pool_told_workers(void);

/* Workers that wait for work now. */
size_t unit_pool_idle(const struct unit_pool *p);

/* Without a deadline; UNIT_BATCH_ITEMS at most. */
void unit_batch_init(struct unit_batch *b, size_t count, size_t max_concurrent);
void unit_batch_init_until(struct unit_batch *b, size_t count, size_t max_concurrent, int64_t deadline_ms);
void unit_batch_fini(struct unit_batch *b);

void unit_batch_submit(struct unit_batch *b, const struct unit_pool *p);

/* Waits for `done`, checks that each item was run or skipped once and `done` called once, and finishes the batch. */
void unit_batch_end(struct unit_batch *b);

unsigned unit_batch_count_run(const struct unit_batch *b);
unsigned unit_batch_count_skipped(const struct unit_batch *b);

/* What an item may do: wait for `go`, whatever signals come. */
void unit_batch_wait_go(struct unit_batch *b, size_t index);

/* ... or wait until it is cancelled. */
void unit_batch_wait_cancel(struct unit_batch *b, size_t index);

#endif
