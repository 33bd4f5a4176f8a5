/* A number that is changed in one place and read in another, without a lock: whoever reads never makes anybody wait.
 *
 * What is read is whole, and with a number that only grows never less than what was read before; two counters read one
 * after the other are of two moments. */
#ifndef FETCHPOOL_BASE_COUNTER_H
#define FETCHPOOL_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* Embedded by value; all zero is 0. `value` is private. */
struct counter {
    _Atomic uint64_t value;
};

/* Any thread. */
static inline uint64_t counter_read(const struct counter *c) {
    return atomic_load_explicit(&c->value, memory_order_relaxed);
}

/* For one who is alone in changing it, mostly because a lock is held: as cheap as with a plain number. */
static inline void counter_set(struct counter *c, uint64_t value) {
    atomic_store_explicit(&c->value, value, memory_order_relaxed);
}

static inline void counter_add(struct counter *c, uint64_t n) {
    counter_set(c, counter_read(c) + n);
}

static inline void counter_subtract(struct counter *c, uint64_t n) {
    counter_set(c, counter_read(c) - n);
}

/* Any thread, also at the same time as others. */
static inline void counter_add_shared(struct counter *c, uint64_t n) {
    atomic_fetch_add_explicit(&c->value, n, memory_order_relaxed);
}

#endif
