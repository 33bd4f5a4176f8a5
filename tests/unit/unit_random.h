/* Numbers that look random and are the same in each run. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_RANDOM_H
#define FETCHPOOL_TESTS_UNIT_UNIT_RANDOM_H

#include <stdint.h>

/* xorshift32; `*state` is not 0 at the start. The result is less than `n`. */
static inline uint32_t unit_random_below(uint32_t *state, uint32_t n) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % n;
}

#endif
