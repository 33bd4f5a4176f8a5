/* Which addresses may be connected to, judged bit by bit and without a shortcut, to compare the guard with. */
#ifndef FETCHPOOL_TESTS_FUZZ_GUARD_TWIN_H
#define FETCHPOOL_TESTS_FUZZ_GUARD_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prefixes as text; those of IPv4 have no colon. */
struct guard_twin {
    const char *allow[16];
    size_t allow_count;
    const char *deny[16];
    size_t deny_count;
};

/* `bytes` are 4 or 16. */
bool guard_twin_allows(const struct guard_twin *t, const uint8_t *bytes, size_t count);

#endif
