#include "api/auth_grant.h"

#include "api/auth_state.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRANT_FLIGHT_RETRY_S = 1 };

static bool has_rates(const struct token_limits *limits) {
    return limits->urls_per_minute != 0 || limits->max_in_flight != 0;
}

static int64_t seconds_up(int64_t ms) {
    return (ms + 999) / 1000;
}

/* Lists of items with parameters, RFC 9651; they fit. */
static void write_rates(const struct token_limits *limits, const struct quota_left *left, struct auth_rates *rates) {
    const char *comma = limits->urls_per_minute != 0 && limits->max_in_flight != 0 ? ", " : "";
    size_t policy = 0, state = 0;
    if (limits->urls_per_minute != 0) {
        policy = (size_t)snprintf(rates->policy, sizeof rates->policy, "\"minute\";q=%lld;w=60%s",
                                  (long long)limits->urls_per_minute, comma);
        state = (size_t)snprintf(rates->state, sizeof rates->state, "\"minute\";r=%lld;t=%lld%s",
                                 (long long)left->urls_this_minute, (long long)seconds_up(left->full_after_ms), comma);
    }
    if (limits->max_in_flight != 0) {
        (void)snprintf(rates->policy + policy, sizeof rates->policy - policy, "\"in-flight\";q=%lld",
                       (long long)limits->max_in_flight);
        (void)snprintf(rates->state + state, sizeof rates->state - state, "\"in-flight\";r=%lld",
                       (long long)left->in_flight);
    }
}

static void explain(enum quota_verdict verdict, const struct token_limits *limits, int64_t wait_ms,
                    struct problem *problem) {
    if (verdict == QUOTA_TOO_MANY) {
        int64_t most = limits->urls_per_minute;
        if (limits->max_in_flight != 0 && (most == 0 || limits->max_in_flight < most))
            most = limits->max_in_flight;
        problem_set(problem, 413, "more URLs than the caller's quota ever lets through at once, which is %lld",
                    (long long)most);
    } else if (verdict == QUOTA_MINUTE_IS_FULL) {
        problem_set(problem, 429, "the caller's quota of %lld URLs per minute is used up",
                    (long long)limits->urls_per_minute);
        problem->retry_after_s = (int)seconds_up(wait_ms);
    } else {
        problem_set(problem, 429, "the caller's quota of %lld URLs in flight is used up",
                    (long long)limits->max_in_flight);
        problem->retry_after_s = GRANT_FLIGHT_RETRY_S;
    }
}

bool auth_take(const struct auth_pass *pass, size_t urls, int64_t now_ms, struct auth_grant *ret_grant,
               struct auth_rates *ret_rates, struct problem *ret_problem) {
    const struct token_limits *limits = &pass->limits;
    struct auth_account *account = pass->account;
    if (!account)
        return true;
    if (limits->max_urls != 0 && urls > (size_t)limits->max_urls) {
        problem_set(ret_problem, 413, "more URLs than the caller may have in one request, which is %lld",
                    (long long)limits->max_urls);
        return false;
    }
    pthread_mutex_lock(&pass->auth->lock);
    enum quota_verdict verdict = quota_take(&account->quota, limits, (int64_t)urls, now_ms);
    int64_t wait_ms = quota_wait_ms(&account->quota, limits, (int64_t)urls, now_ms);
    struct quota_left left = quota_look(&account->quota, limits, now_ms);
    account->refs += verdict == QUOTA_TAKEN;
    pthread_mutex_unlock(&pass->auth->lock);
    if (has_rates(limits))
        write_rates(limits, &left, ret_rates);
    if (verdict == QUOTA_TAKEN)
        *ret_grant = (struct auth_grant){.auth = pass->auth, .account = account, .limits = *limits, .urls = urls};
    else
        explain(verdict, limits, wait_ms, ret_problem);
    return verdict == QUOTA_TAKEN;
}

void auth_give_back(struct auth_grant *grant) {
    if (grant->account)
        quota_give_back(&grant->account->quota, 1);
}

void auth_refund(struct auth_grant *grant) {
    if (!grant->account)
        return;
    pthread_mutex_lock(&grant->auth->lock);
    quota_undo(&grant->account->quota, &grant->limits, (int64_t)grant->urls);
    pthread_mutex_unlock(&grant->auth->lock);
}

void auth_release(struct auth_grant *grant) {
    if (!grant->account)
        return;
    pthread_mutex_lock(&grant->auth->lock);
    struct auth_account *last = auth_unref_locked(grant->auth, grant->account);
    pthread_mutex_unlock(&grant->auth->lock);
    free(last);
    *grant = (struct auth_grant){0};
}
