#include "api/request_check.h"

#include "pool/field.h"

#include <string.h>

/* Headers that say where a request ends, for whom it is, who asks and what it holds: two of them are one too many. */
static const char *const once[] = {
    "Content-Length", "Transfer-Encoding", "Host",           "Expect",         "Content-Type",    "Authorization",
    "Origin",         "Sec-Fetch-Site",    "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Idempotency-Key",
};
enum { ONCE_LENGTH, ONCE_ENCODING, ONCE_HOST, ONCE_EXPECT, ONCE_COUNT = sizeof once / sizeof once[0] };

struct check {
    unsigned seen[ONCE_COUNT];
    const char *fault;
    bool expects_more; /* than 100-continue */
};

/* ---- the target ---- */

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

const char *request_check_target(const char *target) {
    if (!target || target[0] != '/')
        return "the target is not a path";
    for (const char *at = target; *at; at++) {
        if (*at <= ' ' || *at >= 0x7F || *at == '#')
            return "the target has a character that must be escaped";
        if (*at != '%')
            continue;
        int high = hex_digit(at[1]);
        int low = high < 0 ? -1 : hex_digit(at[2]);
        if (high < 0 || low < 0 || high + low == 0)
            return "the target has an escape that is not valid";
    }
    return NULL;
}

/* ---- the header ---- */

static void check_field(struct check *c, const char *name, const char *value) {
    if (!field_name_is_valid(name))
        c->fault = "a header name is not valid";
    else if (!field_value_is_valid(value))
        c->fault = "a header value has a control character";
}

/* ONCE_COUNT: it is none of them. */
static size_t find_once(const char *name) {
    enum { CASE_BIT = 0x20 };
    for (size_t i = 0; i < ONCE_COUNT; i++)
        if ((name[0] | CASE_BIT) == (once[i][0] | CASE_BIT) && strcasecmp(name, once[i]) == 0)
            return i;
    return ONCE_COUNT;
}

static void check_header(void *arg, const char *name, const char *value) {
    struct check *c = arg;
    size_t which = find_once(name);
    check_field(c, name, value);
    if (which == ONCE_COUNT)
        return;
    c->seen[which]++;
    if (which == ONCE_ENCODING && strcasecmp(value, "chunked") != 0)
        c->fault = "the transfer encoding is not chunked";
    if (which == ONCE_EXPECT && strcasecmp(value, "100-continue") != 0)
        c->expects_more = true;
}

/* Those of RFC 9110 and PATCH, RFC 5789. */
static bool is_known_method(const char *method) {
    static const char *const methods[] = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                          "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i], method) == 0)
            return true;
    return false;
}

static const char *find_fault(const struct request *r, const struct check *c, bool is_old) {
    if (c->fault)
        return c->fault;
    if (c->seen[ONCE_LENGTH] + c->seen[ONCE_ENCODING] > 1)
        return "the length of the body is given more than once";
    if (is_old && c->seen[ONCE_ENCODING])
        return "HTTP/1.0 has no transfer encoding";
    for (size_t i = 0; i < ONCE_COUNT; i++)
        if (c->seen[i] > 1)
            return "a header that there may be one of comes twice";
    if (!is_old && !c->seen[ONCE_HOST])
        return "no Host header";
    if (r->target_fault)
        return r->target_fault;
    return request_is_plain(r) ? NULL : "the header is not made of whole lines";
}

bool request_check(const struct request *r, bool *ret_chunked, struct problem *ret_problem) {
    struct check c = {0};
    bool is_old = strcmp(r->version, "HTTP/1.0") == 0;
    request_headers(r, check_header, &c);
    const char *fault = find_fault(r, &c, is_old);
    *ret_chunked = c.seen[ONCE_ENCODING] > 0;
    if (!is_old && strcmp(r->version, "HTTP/1.1") != 0)
        problem_set(ret_problem, 505, "HTTP/1.0 and HTTP/1.1 are spoken here");
    else if (fault)
        problem_set(ret_problem, 400, "%s", fault);
    else if (!is_known_method(r->method))
        problem_set(ret_problem, 501, "there is no such method");
    else if (c.expects_more)
        problem_set(ret_problem, 417, "no other expectation than 100-continue can be met");
    return ret_problem->status == 0;
}

/* ---- trailers ---- */

static void check_trailer(void *arg, const char *name, const char *value) {
    struct check *c = arg;
    check_field(c, name, value);
    if (find_once(name) != ONCE_COUNT)
        c->fault = "a trailer says what belongs into the header";
}

bool request_check_trailers(const struct request *r, struct problem *ret_problem) {
    struct check c = {0};
    request_trailers(r, check_trailer, &c);
    if (c.fault)
        problem_set(ret_problem, 400, "%s", c.fault);
    return !c.fault;
}
