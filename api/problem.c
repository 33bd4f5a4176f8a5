#include "api/problem.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROBLEM_RETRY_AFTER_S = 1 };

static const struct {
    int status;
    const char *title;
} titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *problem_title(int status) {
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
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
