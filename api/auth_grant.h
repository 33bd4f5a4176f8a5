/* What the caller of a batch has taken of its limits, until each URL has its result. */
#ifndef FETCHPOOL_API_AUTH_GRANT_H
#define FETCHPOOL_API_AUTH_GRANT_H

#include "api/auth.h"
#include "api/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields RateLimit-Policy and RateLimit, draft-ietf-httpapi-ratelimit-headers-10; empty: there are none. */
enum { AUTH_RATES_BYTES = 96 };
struct auth_rates {
    char policy[AUTH_RATES_BYTES];
    char state[AUTH_RATES_BYTES];
};

/* All zero: nothing was taken of anything. Fields are private. */
struct auth_grant {
    struct auth *auth;
    struct auth_account *account;
    struct token_limits limits;
    size_t urls;
};

/* Takes `urls` of the limits that the pass came with, at the monotonic time `now_ms`: true, and auth_release has to
 * follow. False: a 413 or 429 with Retry-After, and nothing was taken. The rates are set when there are limits. Any
 * thread. */
bool auth_take(const struct auth_pass *pass, size_t urls, int64_t now_ms, struct auth_grant *ret_grant,
               struct auth_rates *ret_rates, struct problem *ret_problem);

/* A URL has its result. Any thread, also at once with others. */
void auth_give_back(struct auth_grant *grant);

/* None of them will be fetched: as if they had never been taken. Instead of auth_give_back; auth_release follows. */
void auth_refund(struct auth_grant *grant);

/* Does nothing for one that is all zero. */
void auth_release(struct auth_grant *grant);

#endif
