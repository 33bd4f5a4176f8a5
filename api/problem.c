#include "api/problem.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROBLEM_RETRY_AFTER_S = 1 };

static const struct {
    int status;
    const char *title;
    enum problem_reason reason; /* when nothing more exact is known */
} statuses[] = {
    {400, "Bad Request", PROBLEM_MALFORMED},
    {401, "Unauthorized", PROBLEM_UNAUTHORIZED},
    {403, "Forbidden", PROBLEM_FORBIDDEN},
    {404, "Not Found", PROBLEM_NOT_FOUND},
    {405, "Method Not Allowed", PROBLEM_METHOD},
    {406, "Not Acceptable", PROBLEM_NOT_ACCEPTABLE},
    {413, "Content Too Large", PROBLEM_TOO_LARGE},
    {415, "Unsupported Media Type", PROBLEM_MEDIA_TYPE},
    {417, "Expectation Failed", PROBLEM_EXPECTATION},
    {421, "Misdirected Request", PROBLEM_HOST},
    {422, "Unprocessable Content", PROBLEM_INVALID},
    {429, "Too Many Requests", PROBLEM_QUOTA},
    {500, "Internal Server Error", PROBLEM_OTHER},
    {501, "Not Implemented", PROBLEM_NOT_IMPLEMENTED},
    {503, "Service Unavailable", PROBLEM_MEMORY},
    {505, "HTTP Version Not Supported", PROBLEM_VERSION},
};

const char *problem_title(int status) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status)
            return statuses[i].title;
    return "Error";
}

static const char *const reasons[PROBLEM_REASON_COUNT] = {
    [PROBLEM_BY_STATUS] = "",
    [PROBLEM_MALFORMED] = "malformed",
    [PROBLEM_UNAUTHORIZED] = "unauthorized",
    [PROBLEM_FORBIDDEN] = "forbidden",
    [PROBLEM_NOT_FOUND] = "not_found",
    [PROBLEM_METHOD] = "method",
    [PROBLEM_NOT_ACCEPTABLE] = "not_acceptable",
    [PROBLEM_TOO_LARGE] = "too_large",
    [PROBLEM_MEDIA_TYPE] = "media_type",
    [PROBLEM_EXPECTATION] = "expectation",
    [PROBLEM_HOST] = "host",
    [PROBLEM_INVALID] = "invalid",
    [PROBLEM_QUOTA] = "quota",
    [PROBLEM_NOT_IMPLEMENTED] = "not_implemented",
    [PROBLEM_VERSION] = "version",
    [PROBLEM_MEMORY] = "memory",
    [PROBLEM_CONNECTIONS] = "connections",
    [PROBLEM_QUEUE_FULL] = "queue_full",
    [PROBLEM_DRAINING] = "draining",
    [PROBLEM_OTHER] = "other",
    [PROBLEM_NO_REFUSAL] = "",
};

enum problem_reason problem_reason(const struct problem *p) {
    if (p->reason != PROBLEM_BY_STATUS)
        return p->reason;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == p->status)
            return statuses[i].reason;
    return PROBLEM_OTHER;
}

const char *problem_reason_name(enum problem_reason reason) {
    return reasons[reason];
}

void problem_set(struct problem *p, int status, const char *format, ...) {
    if (p->status != 0)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(p->detail, sizeof p->detail, format, args); /* a cut sentence is still a sentence */
    va_end(args);
    p->status = status;
    if (status == 503 && p->retry_after_s == 0)
        p->retry_after_s = PROBLEM_RETRY_AFTER_S;
}

void problem_add(struct problem *p, const char *pointer, const char *format, ...) {
    problem_set(p, 422, "the request is well-formed, but what it asks for is not valid");
    if (p->error_count < PROBLEM_MAX_ERRORS) {
        struct problem_error *error = &p->errors[p->error_count];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(error->detail, sizeof error->detail, format, args);
        va_end(args);
        (void)snprintf(error->pointer, sizeof error->pointer, "%s", pointer);
    }
    p->error_count++;
}

void problem_pointer(char ret_pointer[PROBLEM_POINTER_BYTES], const char *prefix, const char *name) {
    size_t n = (size_t)snprintf(ret_pointer, PROBLEM_POINTER_BYTES, "%.64s/", prefix);
    for (; *name && n + 3 < PROBLEM_POINTER_BYTES; name++) {
        if (*name == '~' || *name == '/') {
            ret_pointer[n++] = '~';
            ret_pointer[n++] = *name == '~' ? '0' : '1';
        } else {
            ret_pointer[n++] = *name;
        }
    }
    ret_pointer[n] = '\0';
}

void problem_add_unknown(struct problem *p, const char *prefix, const char *name) {
    char pointer[PROBLEM_POINTER_BYTES];
    problem_pointer(pointer, prefix, name);
    problem_add(p, pointer, "there is nothing of this name");
}

static void put_errors(struct json *j, const struct problem *p) {
    json_key(j, "errors");
    json_array_open(j);
    for (size_t i = 0; i < p->error_count && i < PROBLEM_MAX_ERRORS; i++) {
        json_object_open(j);
        json_key(j, "pointer");
        json_text(j, p->errors[i].pointer);
        json_key(j, "detail");
        json_text(j, p->errors[i].detail);
        json_object_close(j);
    }
    json_array_close(j);
}

enum err problem_json(const struct problem *p, struct buf *out) {
    struct json j;
    json_begin(&j, out);
    json_object_open(&j);
    json_key(&j, "type");
    json_text(&j, "about:blank");
    json_key(&j, "title");
    json_text(&j, problem_title(p->status));
    json_key(&j, "status");
    json_int(&j, p->status);
    json_key(&j, "detail");
    json_text(&j, p->detail);
    if (p->error_count > 0)
        put_errors(&j, p);
    json_object_close(&j);
    return json_end(&j);
}
