/* What the files of authorisation share. Used by auth.c and auth_grant.c only. */
#ifndef FETCHPOOL_API_AUTH_STATE_H
#define FETCHPOOL_API_AUTH_STATE_H

#include "api/auth.h"
#include "api/quota.h"
#include "base/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Of a name. In the table as long as a policy, a pass or a grant refers to it. */
struct auth_account {
    struct table_node by_name;
    size_t refs; /* guarded by the lock, as all but `in_flight` of the quota */
    struct quota quota;
    bool is_anonymous;
    char name[TOKEN_NAME_BYTES];
};

struct auth {
    _Atomic bool demands_tokens; /* as the policy says, for a look without the lock */
    pthread_mutex_t lock;        /* guards all below */
    struct auth_policy *policy;
    struct table accounts;
    uint64_t wrong_untold; /* wrong tokens since the last time that they were told */
    int64_t wrong_told_at_ms;
};

/* The account, or NULL, is free to be freed by the caller, without the lock, when this was the last reference. */
struct auth_account *auth_unref_locked(struct auth *a, struct auth_account *account);

#endif
