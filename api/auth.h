/* Who may ask for what: bearer tokens (RFC 6750), their scopes, and the accounts that their limits are kept in.
 *
 * Without a token file nobody is asked who they are. With one, each request shows a token, or is anonymous where that
 * is allowed. An account belongs to a token's name: it outlives the policy it came with, so that a reload gives nobody
 * a fresh quota. Any thread. */
#ifndef FETCHPOOL_API_AUTH_H
#define FETCHPOOL_API_AUTH_H

#include "api/problem.h"
#include "base/err.h"
#include "config/token_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct auth;
struct auth_policy;
struct auth_account;

/* What a route wants beside the scopes of config/token_file.h. */
enum { AUTH_OPEN = 0, AUTH_ANY_SCOPE = ~0 };

/* ---- the policy ---- */

/* Reads the token file; with "" no request needs a token. The caller hands the policy on or destroys it. The errors of
 * token_file_read. */
enum err auth_prepare(const char *token_file, bool allow_anonymous, struct auth_policy **ret_policy,
                      char ret_error[TOKEN_FILE_ERROR_BYTES]) ERR_MUST_CHECK;

/* Accepts NULL. */
void auth_policy_destroy(struct auth_policy *p);

/* Every request without a token may do something. */
bool auth_policy_is_open(const struct auth_policy *p);
bool auth_policy_is_writable_by_all(const struct auth_policy *p);
size_t auth_policy_count(const struct auth_policy *p); /* tokens */

/* Takes the policy on success. ERR_NOMEM. */
enum err auth_create(struct auth_policy *policy, struct auth **ret_auth) ERR_MUST_CHECK;

/* No pass and no grant is left. Accepts NULL. */
void auth_destroy(struct auth *a);

/* From here on this policy holds. What runs goes on. Takes the policy. */
void auth_apply(struct auth *a, struct auth_policy *policy);

/* ---- a request ---- */

/* The Authorization headers of a request. */
struct auth_claim {
    const char *value; /* of the first */
    unsigned count;
};

/* On what terms a request was let in. All zero: without any. Fields are private to auth.c and auth_grant.c. */
struct auth_pass {
    struct auth *auth;
    struct auth_account *account;
    struct token_limits limits;
    unsigned scopes; /* of its token, or of anonymous */
};

/* False: what needs one of `scopes` needs no token. `a` may be NULL: nobody is asked. */
bool auth_asks(struct auth *a, unsigned scopes);

enum auth_verdict {
    AUTH_ADMITTED,
    AUTH_REFUSED,     /* the problem is set */
    AUTH_WRONG_TOKEN, /* the same, since nobody has this token */
};

/* Whether a request with this claim may do what needs one of `scopes`: else a 400, 401, 403 or 503. An admitted one
 * calls auth_leave in the end. `a` may be NULL. */
enum auth_verdict auth_admit(struct auth *a, const struct auth_claim *claim, unsigned scopes,
                             struct auth_pass *ret_pass, struct problem *ret_problem) ERR_MUST_CHECK;

/* Whether such a request could do what needs one of `scopes`, too; one that nobody asked could. `a` may be NULL. */
bool auth_may(struct auth *a, const struct auth_pass *pass, unsigned scopes);

/* Does nothing for one that is all zero. */
void auth_leave(struct auth_pass *pass);

/* The name of its token; NULL for an anonymous one. Borrowed as long as the pass. */
const char *auth_pass_name(const struct auth_pass *pass);

/* Counts a wrong token. The number of those since it was last told, when it is time to tell it, else 0. */
uint64_t auth_count_wrong(struct auth *a, int64_t now_ms);

#endif
