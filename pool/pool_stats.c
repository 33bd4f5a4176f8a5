#include "pool/pool_stats.h"

#include <sched.h>
#include <stdbool.h>
#include <string.h>

enum { BOARD_NUMBERS = offsetof(struct pool_stats, max_workers) / sizeof(uint64_t), BOARD_TRIES = 100 };

_Static_assert(sizeof(struct pool_stats) % sizeof(uint64_t) == 0, "nothing but numbers");

/* Released one by one: who sees one of the new numbers sees that they are being written, too. */
void pool_board_write(struct pool_board *b, const struct pool_stats *stats, int64_t now_us) {
    uint64_t numbers[BOARD_NUMBERS];
    uint64_t edition = atomic_load_explicit(&b->edition, memory_order_relaxed);
    memcpy(numbers, stats, sizeof numbers);
    atomic_store_explicit(&b->edition, edition + 1, memory_order_relaxed);
    for (size_t i = 0; i < BOARD_NUMBERS; i++)
        atomic_store_explicit(&b->numbers[i], numbers[i], memory_order_release);
    atomic_store_explicit(&b->written_at_us, (uint64_t)now_us, memory_order_release);
    atomic_store_explicit(&b->edition, edition + 2, memory_order_release);
}

static bool read_once(const struct pool_board *b, uint64_t ret_numbers[BOARD_NUMBERS], uint64_t *ret_written_at_us) {
    uint64_t edition = atomic_load_explicit(&b->edition, memory_order_acquire);
    for (size_t i = 0; i < BOARD_NUMBERS; i++)
        ret_numbers[i] = atomic_load_explicit(&b->numbers[i], memory_order_acquire);
    *ret_written_at_us = atomic_load_explicit(&b->written_at_us, memory_order_acquire);
    return edition % 2 == 0 && atomic_load_explicit(&b->edition, memory_order_relaxed) == edition;
}

/* A writer may have looked at the clock before the reader did, and not have written yet that nobody waits any more. */
static uint64_t never_back(_Atomic uint64_t *most, uint64_t us) {
    uint64_t before = atomic_load_explicit(most, memory_order_relaxed);
    while (us > before)
        if (atomic_compare_exchange_weak_explicit(most, &before, us, memory_order_relaxed, memory_order_relaxed))
            return us;
    return before;
}

void pool_stats_wait(struct pool_stats *stats, uint64_t us) {
    for (size_t i = 0; i < SCHED_WAIT_COUNT; i++)
        stats->waited_us[i] += stats->waiting_for[i] * us;
}

void pool_board_read(struct pool_board *b, int64_t now_us, struct pool_stats *ret_stats) {
    uint64_t numbers[BOARD_NUMBERS], written_at_us;
    for (int tries = 1; !read_once(b, numbers, &written_at_us); tries++)
        if (tries % BOARD_TRIES == 0)
            (void)sched_yield();
    memcpy(ret_stats, numbers, sizeof numbers);
    if ((uint64_t)now_us > written_at_us)
        pool_stats_wait(ret_stats, (uint64_t)now_us - written_at_us);
    for (size_t i = 0; i < SCHED_WAIT_COUNT; i++)
        ret_stats->waited_us[i] = never_back(&b->read_us[i], ret_stats->waited_us[i]);
}

enum pool_outcome pool_outcome_of(enum fetch_error reason) {
    switch (reason) {
    case FETCH_OK:
        return POOL_COMPLETED;
    case FETCH_DEADLINE:
        return POOL_DEADLINE;
    case FETCH_SHUTDOWN:
        return POOL_SHUTDOWN;
    default:
        return POOL_CANCELLED;
    }
}
