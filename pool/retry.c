#include "pool/retry.h"

#include "base/clock.h"
#include "pool/retry_budget.h"
#include "pool/stats.h"
#include "pool/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RETRY_MAX_DELAY_MS = 60 * 1000 }; /* where doubling ends */

/* An item between two attempts. */
struct retry {
    struct sched_again again;
    int64_t start_us; /* of the first attempt */
    int64_t queue_us; /* before the first attempt */
    struct fetch_attempt *attempts;
    size_t count;
};

static struct retry *of_again(struct sched_again *again) {
    return again ? LIST_ENTRY(again, struct retry, again) : NULL;
}

/* ---- whether ---- */

static bool status_may_pass(int status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* What was redirected may have been done before, and a retry begins at the first URL again. */
static bool may_help(const struct fetch_result *result, const char *method) {
    if (result->redirect_count > 0 && !transfer_is_idempotent(method))
        return false;
    switch (result->error) {
    case FETCH_OK:
        return status_may_pass(result->status);
    case FETCH_DNS:
    case FETCH_CONNECT:
    case FETCH_CONNECT_TIMEOUT:
        return true;
    case FETCH_SEND:
    case FETCH_RECV:
    case FETCH_EMPTY_REPLY:
    case FETCH_HTTP2:
        return transfer_is_idempotent(method);
    default:
        return false;
    }
}

/* Without random bytes, which the kernel always has after its start, the whole time. */
static int64_t random_up_to(int64_t most) {
    uint64_t random;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        return most;
    return (int64_t)(random % ((uint64_t)most + 1));
}

static int64_t delay_ms(const struct fetch_options *options, size_t attempts, int64_t retry_after_ms) {
    int64_t bound_ms = options->retry_delay_ms;
    int64_t most_ms = bound_ms > RETRY_MAX_DELAY_MS ? bound_ms : RETRY_MAX_DELAY_MS;
    for (size_t i = 1; i < attempts && bound_ms < most_ms; i++)
        bound_ms = bound_ms * 2 < most_ms ? bound_ms * 2 : most_ms;
    int64_t drawn_ms = random_up_to(bound_ms);
    return drawn_ms > retry_after_ms ? drawn_ms : retry_after_ms;
}

/* ---- what was tried ---- */

static enum err add_attempt(struct retry *r, const struct fetch_result *result) {
    struct fetch_attempt *attempts = realloc(r->attempts, (r->count + 1) * sizeof *attempts);
    if (!attempts)
        return ERR_NOMEM;
    r->attempts = attempts;
    r->attempts[r->count++] = (struct fetch_attempt){
        .status = result->status,
        .error = result->error,
        .head_status = result->head_status,
        .elapsed_us = result->elapsed_us,
        .delay_ms = -1,
    };
    return ERR_NONE;
}

/* The result gets what was tried; the rest is freed. */
static void hand_over(struct retry *r, struct fetch_result *result) {
    result->elapsed_us = clock_now_us() - r->start_us;
    result->timings.queue_us = r->queue_us;
    result->attempts = r->attempts;
    result->attempt_count = r->count;
    free(r);
}

static struct retry *create(const struct fetch_result *result, int64_t start_us, size_t index) {
    struct retry *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->again.index = index;
    r->start_us = start_us;
    r->queue_us = result->timings.queue_us;
    return r;
}

static void ask_for_pause(const struct fetch_result *result, int64_t now_ms, struct batch_next *next) {
    if (result->retry_after_ms <= 0)
        return;
    next->pause_until_ms = now_ms + result->retry_after_ms;
    memcpy(next->host, result->host, strlen(result->host) + 1); /* a host's name fits by its type */
}

static enum fetch_given_up decide(struct fetcher *f, const struct fetch_request *request, const struct retry *r,
                                  const struct fetch_result *result, int64_t now_ms, int64_t *ret_delay_ms) {
    const struct fetch_options *options = request->options;
    if (!may_help(result, options->method))
        return FETCH_GIVEN_UP_NOT;
    if (r->count > (size_t)options->retries)
        return FETCH_GIVEN_UP_RETRIES;
    *ret_delay_ms = delay_ms(options, r->count, result->retry_after_ms);
    if (request->deadline_ms != CLOCK_NEVER && now_ms + *ret_delay_ms >= request->deadline_ms)
        return FETCH_GIVEN_UP_DEADLINE;
    return retry_budget_take(fetcher_retry_budget(f), now_ms) ? FETCH_GIVEN_UP_NOT : FETCH_GIVEN_UP_BUDGET;
}

bool retry_run(struct fetcher *f, const struct fetch_request *request, size_t index, struct sched_again *again,
               struct fetch_result *result, struct batch_next *next) {
    struct retry *r = of_again(again);
    int64_t start_us = clock_now_us();
    const struct fetch_options *options = request->options;
    if (r)
        stats_count_retry(fetcher_counts(f));
    else
        retry_budget_count(fetcher_retry_budget(f), start_us / 1000);
    fetch_url(f, request, result);
    int64_t now_ms = clock_after_ms(0);
    ask_for_pause(result, now_ms, next);
    if (!r && options->retries == 0 && !(options->include & FETCH_INCLUDE_ATTEMPTS))
        return true;
    if (!r)
        r = create(result, start_us, index);
    if (!r)
        return true; /* the attempt that was made is what there is */
    if (add_attempt(r, result)) {
        hand_over(r, result);
        return true;
    }
    int64_t wait_ms = -1;
    enum fetch_given_up given_up = decide(f, request, r, result, now_ms, &wait_ms);
    struct fetch_attempt *last = &r->attempts[r->count - 1];
    last->given_up = given_up;
    if (given_up != FETCH_GIVEN_UP_NOT && options->retries > 0)
        stats_count_given_up(fetcher_counts(f), given_up);
    if (given_up != FETCH_GIVEN_UP_NOT || wait_ms < 0) {
        hand_over(r, result);
        return true;
    }
    last->delay_ms = wait_ms;
    next->again = &r->again;
    next->again_at_ms = now_ms + wait_ms;
    return false;
}

void retry_abandon(struct sched_again *again, struct fetch_result *result) {
    struct retry *r = of_again(again);
    if (r)
        hand_over(r, result);
}
