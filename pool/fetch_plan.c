#include "pool/fetch_plan.h"

#include "base/clock.h"
#include "pool/fetcher.h"
#include "pool/gate.h"
#include "pool/lookup.h"
#include "pool/url_sent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is planned. */
struct planning {
    struct fetcher *fetcher;
    const struct fetch_request *request;
    struct fetch_result *result;
    struct fetch_plan *plan;
    char host[URL_HOST_MAX_BYTES + 1];
    int port;
};

void fetch_plan_destroy(struct fetch_plan *plan) {
    if (!plan)
        return;
    free(plan->url);
    free(plan->addresses);
    free(plan);
}

static void fail_nomem(struct planning *p) {
    fetch_result_fail(p->result, FETCH_INTERNAL, err_text(ERR_NOMEM));
}

/* ---- the URL ---- */

static bool enter_url(struct planning *p) {
    struct url_origin origin;
    struct url_user user = {.len = 0};
    const char *reason = NULL;
    const char *url = p->request->url;
    enum fetch_error error = guard_allows_user_info(p->fetcher->guard)
                                 ? url_check_with_user(url, &origin, &user, &reason)
                                 : url_check(url, &origin, &reason);
    if (error) {
        fetch_result_fail(p->result, error, reason);
        return false;
    }
    memcpy(p->plan->origin, origin.text, sizeof p->plan->origin);
    memcpy(p->host, origin.text + origin.host_start, origin.host_len);
    p->host[origin.host_len] = '\0';
    p->port = (int)strtol(strrchr(origin.text, ':') + 1, NULL, 10);
    enum err err = url_sent_make(url, &user, &p->plan->url);
    if (err == ERR_NOMEM)
        fail_nomem(p);
    else if (err)
        fetch_result_fail(p->result, FETCH_INVALID_URL, NULL);
    return !err;
}

/* ---- the guard ---- */

static void note_refusal(struct planning *p, const char *text) {
    struct endpoint endpoint = {.port = (uint16_t)p->port};
    if (!address_parse(text, &endpoint.address))
        return;
    (void)snprintf(p->plan->refused, sizeof p->plan->refused, "%s", text);
    guard_explain(p->fetcher->guard, &endpoint, p->plan->refused_rule);
}

/* `list` is as in an answer: what is between brackets or commas. */
static bool next_address(const char **list, char ret_text[ADDRESS_TEXT_BYTES]) {
    const char *start = *list + strspn(*list, ",[]");
    size_t len = strcspn(start, ",]");
    *list = start + len;
    (void)snprintf(ret_text, ADDRESS_TEXT_BYTES, "%.*s", (int)len, start);
    return len > 0;
}

/* libcurl tries one after the other: one that the guard refuses ends it. */
static bool judge_all(struct planning *p, const char *list) {
    struct gate gate = gate_of(p->fetcher->guard, p->host);
    char text[ADDRESS_TEXT_BYTES];
    while (next_address(&list, text))
        if (!gate_admits_text(&gate, text, p->port)) {
            fetch_result_fail(p->result, FETCH_BLOCKED, NULL);
            note_refusal(p, text);
            return false;
        }
    return true;
}

/* What lookup_host did not tell: the answer is in the cache. */
static void find_refused(struct planning *p, int64_t until_ms) {
    struct name_answer *answer = NULL;
    char text[ADDRESS_TEXT_BYTES];
    if (names_lookup(p->fetcher->names, p->host, until_ms, p->request->cancelled, &answer))
        return;
    const char *list = answer->addresses;
    if (answer->status == NAME_BLOCKED && next_address(&list, text))
        note_refusal(p, text);
    name_answer_unref(answer);
}

static void find_addresses(struct planning *p) {
    const struct fetch_options *options = p->request->options;
    struct name_answer *answer = NULL;
    struct transfer_request t = {
        .host = p->host,
        .timeout_ms = options->timeout_ms,
        .whole_timeout_ms = options->timeout_ms,
        .connect_timeout_ms = options->connect_timeout_ms,
        .cancelled = p->request->cancelled,
    };
    if (!lookup_host(p->fetcher->names, p->fetcher->guard, &t, p->result, &answer)) {
        if (p->result->error == FETCH_BLOCKED)
            find_refused(p, clock_after_ms(options->connect_timeout_ms));
        return;
    }
    const char *list = answer ? answer->addresses : p->host;
    if (judge_all(p, list)) {
        p->plan->addresses = strdup(list);
        if (!p->plan->addresses)
            fail_nomem(p);
    }
    name_answer_unref(answer);
}

static void find_host(struct planning *p, struct pool *pool) {
    char name[URL_HOST_MAX_BYTES + 1];
    const char *reason;
    if (pool && !url_check_host(p->host, name, &reason)) {
        pool_find_host(pool, name, &p->plan->host);
        p->plan->is_told = true;
    }
}

void fetch_plan(struct fetcher *f, struct pool *pool, const struct fetch_request *request,
                struct fetch_result *result) {
    struct planning p = {.fetcher = f, .request = request, .result = result};
    result->plan = p.plan = calloc(1, sizeof *p.plan);
    if (!p.plan) {
        fail_nomem(&p);
        return;
    }
    if (!enter_url(&p))
        return;
    find_host(&p, pool);
    find_addresses(&p);
}
