#include "pool/lookup.h"

#include "base/clock.h"
#include "pool/transfer_error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Origins have addresses in their canonical form only. */
static bool is_address(const char *host) {
    struct in_addr v4;
    return strchr(host, ':') || inet_pton(AF_INET, host, &v4) == 1;
}

static void fail(const struct transfer_request *r, enum err err, struct fetch_result *result) {
    if (err == ERR_LIMIT)
        transfer_error_tell_slow_lookup(r, result);
    else if (err == ERR_CLOSED)
        fetch_result_fail(result, atomic_load(r->cancelled), NULL);
    else
        fetch_result_fail(result, FETCH_INTERNAL, err_text(err));
}

static void fail_status(const struct transfer_request *r, enum name_status status, struct fetch_result *result) {
    char text[FETCH_ERROR_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "the host name %s could not be resolved: %s", r->host,
                   name_answer_reason(status));
    fetch_result_fail(result, FETCH_DNS, text);
}

/* The same words whichever address it was, and whatever stands beside it. */
static void fail_blocked(struct guard *guard, const struct transfer_request *r, const struct name_answer *answer,
                         struct fetch_result *result) {
    char bare[ADDRESS_TEXT_BYTES];
    struct address refused;
    size_t len = strcspn(answer->addresses + (*answer->addresses == '['), "]");
    fetch_result_fail(result, FETCH_BLOCKED, NULL);
    (void)snprintf(bare, sizeof bare, "%.*s", (int)len, answer->addresses + (*answer->addresses == '['));
    if (address_parse(bare, &refused))
        guard_tell(guard, refused, r->host);
}

bool lookup_host(struct names *names, struct guard *guard, struct transfer_request *request,
                 struct fetch_result *result, struct name_answer **ret_answer) {
    struct name_answer *answer = NULL;
    int64_t start_us = clock_now_us();
    int64_t left_ms =
        request->connect_timeout_ms < request->timeout_ms ? request->connect_timeout_ms : request->timeout_ms;
    *ret_answer = NULL;
    if (is_address(request->host))
        return true;
    enum err err = names_lookup(names, request->host, clock_after_ms(left_ms), request->cancelled, &answer);
    request->lookup_us = clock_now_us() - start_us;
    if (!err && answer->status == NAME_FOUND) {
        *ret_answer = answer;
        return true;
    }
    if (request->include & FETCH_INCLUDE_TIMINGS)
        result->timings.namelookup_us += request->lookup_us;
    if (err)
        fail(request, err, result);
    else if (answer->status == NAME_BLOCKED)
        fail_blocked(guard, request, answer, result);
    else
        fail_status(request, answer->status, result);
    name_answer_unref(answer);
    return false;
}

enum err lookup_addresses(const struct name_answer *answer, const char *authority, struct curl_slist **ret_list) {
    char *text;
    if (asprintf(&text, "+%s:%s", authority, answer->addresses) < 0) /* without, one that begins with - is removed */
        return ERR_NOMEM;
    struct curl_slist *list = curl_slist_append(NULL, text);
    free(text);
    if (!list)
        return ERR_NOMEM;
    *ret_list = list;
    return ERR_NONE;
}
