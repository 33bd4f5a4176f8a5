#include "api/request_check.h"

#include "api/field.h"

#include <string.h>

struct check {
    unsigned lengths;
    unsigned encodings;
    unsigned hosts;
    const char *fault;
};

static void check_header(void *arg, const char *name, const char *value) {
    struct check *c = arg;
    if (!field_name_is_valid(name))
        c->fault = "a header name is not valid";
    else if (!field_value_is_valid(value))
        c->fault = "a header value has a control character";
    c->lengths += strcasecmp(name, "Content-Length") == 0;
    c->hosts += strcasecmp(name, "Host") == 0;
    if (strcasecmp(name, "Transfer-Encoding") != 0)
        return;
    c->encodings++;
    if (strcasecmp(value, "chunked") != 0)
        c->fault = "the transfer encoding is not chunked";
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

bool request_check(const struct request *r, const char *version, struct problem *ret_problem) {
    struct check c = {0};
    request_headers(r, check_header, &c);
    if (c.lengths + c.encodings > 1)
        c.fault = "the length of the body is given more than once";
    if (c.hosts > 1)
        c.fault = "more than one Host header";
    if (c.hosts == 0 && strcmp(version, "HTTP/1.0") != 0)
        c.fault = "no Host header";
    if (c.fault)
        problem_set(ret_problem, 400, "%s", c.fault);
    else if (!is_known_method(r->method))
        problem_set(ret_problem, 501, "there is no such method");
    return ret_problem->status == 0;
}
