#include "api/fetch_headers.h"

#include "pool/header_rules.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* `headers` is the pointer to all. */
static void refuse(const struct fetch_options_target *t, const char *headers, const char *name, const char *reason) {
    char pointer[PROBLEM_POINTER_BYTES];
    problem_pointer(pointer, headers, name);
    problem_add(t->problem, pointer, "header %.64s: %s", name, reason);
}

static void add_header(const struct fetch_options_target *t, const char **lines, const char *name, const cJSON *value,
                       const char *pointer) {
    const char *reason = header_rules_check(name, cJSON_IsString(value) ? value->valuestring : NULL);
    if (reason) {
        refuse(t, pointer, name, reason);
        return;
    }
    size_t size = strlen(name) + strlen(value->valuestring) + 3;
    char *line = arena_alloc(&t->batch->arena, size);
    if (line)
        (void)snprintf(line, size, "%s: %s", name, value->valuestring);
    else
        problem_set(t->problem, 503, "out of memory");
    lines[t->options->header_count++] = line;
}

static size_t count_headers(const cJSON *fields) {
    const cJSON *field;
    size_t count = 0;
    cJSON_ArrayForEach(field, fields) count += cJSON_IsArray(field) ? (size_t)cJSON_GetArraySize(field) : 1;
    return count;
}

void fetch_headers_read(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    const cJSON *field, *one;
    size_t count = cJSON_IsObject(value) ? count_headers(value) : 0;
    if (!cJSON_IsObject(value)) {
        problem_add(t->problem, pointer, "headers must be an object of name to value");
        return;
    }
    if (count > HEADER_RULES_MAX) {
        problem_add(t->problem, pointer, "more than %d headers", HEADER_RULES_MAX);
        return;
    }
    const char **lines = arena_alloc(&t->batch->arena, (count + 1) * sizeof *lines);
    if (!lines) {
        problem_set(t->problem, 503, "out of memory");
        return;
    }
    t->options->headers = lines;
    t->options->header_count = 0;
    cJSON_ArrayForEach(field, value) {
        if (cJSON_IsArray(field))
            cJSON_ArrayForEach(one, field) add_header(t, lines, field->string, one, pointer);
        else
            add_header(t, lines, field->string, field, pointer);
    }
}
