/* The rules of the guard once more, written another way: texts of bits, compared one by one. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_TWIN_H
#define FETCHPOOL_TESTS_UNIT_UNIT_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A prefix that is refused, as the registries write it. */
struct unit_twin_prefix {
    const char *text;
    unsigned bits;
};

extern const struct unit_twin_prefix unit_twin_v4[];
extern const size_t unit_twin_v4_count;
extern const struct unit_twin_prefix unit_twin_v6[]; /* within 2000::/3 */
extern const size_t unit_twin_v6_count;

/* Before the others. */
void unit_twin_init(void);

/* Whether the default rules allow it. `bytes` are 4 or 16. */
bool unit_twin_allows_v4(const uint8_t bytes[4]);
bool unit_twin_allows_v6(const uint8_t bytes[16]);

#endif
