/* What the tests of lists of fetches stand on: a fetcher for the whole program, a pool and an origin for each test. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_FETCH_POOL_H
#define FETCHPOOL_TESTS_UNIT_UNIT_FETCH_POOL_H

#include "pool/pool.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

enum { UNIT_FETCH_WORKERS = 8, UNIT_FETCH_MAX_WAITING = 64, UNIT_FETCH_IDLE_MS = 60 * 1000 };

struct unit_fetch_pool {
    struct unit_fetcher fetcher;
    struct unit_origin origin;
    struct pool *pool;
    struct fetch_options options;
};

extern struct unit_fetch_pool with;

/* For cmocka: around the whole group. */
int unit_fetch_pool_begin_all(void **state);
int unit_fetch_pool_end_all(void **state);

/* Around each test. */
void unit_fetch_pool_begin(const struct unit_route *routes);
int unit_fetch_pool_end(void **state);

#endif
