#include "unit_fetch_pool.h"

#include "unit.h"

struct unit_fetch_pool with;

int unit_fetch_pool_begin_all(void **state) {
    (void)state;
    unit_fetcher_create(&with.fetcher);
    return 0;
}

int unit_fetch_pool_end_all(void **state) {
    (void)state;
    unit_fetcher_destroy(&with.fetcher);
    return 0;
}

void unit_fetch_pool_begin(const struct unit_route *routes) {
    const struct pool_options options = {.max_workers = UNIT_FETCH_WORKERS,
                                         .max_waiting = UNIT_FETCH_MAX_WAITING,
                                         .idle_timeout_ms = UNIT_FETCH_IDLE_MS,
                                         .hosts = {.host_max_concurrent = UNIT_FETCH_WORKERS},
                                         .timers = with.fetcher.timers};
    assert_int_equal(pool_create(&options, &with.pool), ERR_NONE);
    unit_origin_start(&with.origin, routes);
    with.options = unit_fetcher_options(&with.fetcher);
}

int unit_fetch_pool_end(void **state) {
    (void)state;
    pool_destroy(with.pool);
    unit_origin_stop(&with.origin);
    return 0;
}
