/* Rules of the guard made of settings, and what they say about addresses written as text. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_GUARD_H
#define FETCHPOOL_TESTS_UNIT_UNIT_GUARD_H

#include "pool/guard_rules.h"

/* `first` and `second` are assignments like "guard.allow=10.0.0.0/8", or NULL. */
struct guard_rules *unit_guard_rules(const char *first, const char *second);

struct address unit_guard_address(const char *text);

/* By rules of a host that has no addresses. */
bool unit_guard_allows(const struct guard_rules *r, const char *text);

void unit_guard_assert(const struct guard_rules *r, const char *text, bool allowed);

#endif
