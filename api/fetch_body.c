#include "api/fetch_body.h"

#include "base/base64.h"

#include <cjson/cJSON.h>
#include <string.h>

/* NULL: the problem says why. */
static char *decode(const struct fetch_options_target *t, const char *text, const char *pointer, size_t *ret_bytes) {
    size_t len = strlen(text);
    char *body = arena_alloc(&t->batch->arena, base64_room(len) + 1);
    if (!body)
        problem_set(t->problem, 503, "out of memory");
    else if (!base64_decode(text, len, body, ret_bytes))
        return body;
    else
        problem_add(t->problem, pointer, "body_base64 must be base64 (RFC 4648, section 4), padded, without blanks");
    return NULL;
}

static char *copy(const struct fetch_options_target *t, const char *text, size_t *ret_bytes) {
    char *body = arena_copy(&t->batch->arena, text, strlen(text));
    if (body)
        *ret_bytes = strlen(text);
    else
        problem_set(t->problem, 503, "out of memory");
    return body;
}

/* The item begins with the body of its batch. */
static bool has_own_body(const struct fetch_options_target *t) {
    return t->options->body && !(t->is_item && t->options->body == t->batch->options.body);
}

void fetch_body_read(const struct fetch_options_target *t, bool is_base64, const cJSON *value, const char *pointer) {
    size_t bytes = 0;
    if (!cJSON_IsString(value)) {
        problem_add(t->problem, pointer, "%s must be a string", is_base64 ? "body_base64" : "body");
        return;
    }
    if (has_own_body(t) && t->options->body_is_base64 != is_base64) {
        problem_add(t->problem, pointer, "give either body or body_base64");
        return;
    }
    char *body = is_base64 ? decode(t, value->valuestring, pointer, &bytes) : copy(t, value->valuestring, &bytes);
    if (!body)
        return;
    t->options->body = body;
    t->options->body_bytes = bytes;
    t->options->body_is_base64 = is_base64;
}
