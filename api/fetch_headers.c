#include "api/fetch_headers.h"

#include "api/field.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char is_ours[] = "this header cannot be set";
static const char opens_metadata[] = "this header opens metadata services of clouds, and cannot be set";

/* A name that ends in a dash stands for all that begin with it. */
static const struct {
    const char *name;
    const char *reason;
} refused_headers[] = {
    /* They frame the message or belong to the connection, and libcurl sets them itself. RFC 9110, section 7.6.1. */
    {"Connection", is_ours},
    {"Content-Length", is_ours},
    {"Expect", is_ours},
    {"Host", is_ours},
    {"HTTP2-Settings", is_ours},
    {"Keep-Alive", is_ours},
    {"Proxy-", is_ours},
    {"TE", is_ours},
    {"Trailer", is_ours},
    {"Transfer-Encoding", is_ours},
    {"Upgrade", is_ours},
    /* Metadata services ask for them because a server that fetches for others does not send them. */
    {"Metadata", opens_metadata},               /* Azure */
    {"Metadata-", opens_metadata},              /* Google, IBM, Yandex: -Flavor; Linode, Vultr: -Token */
    {"X-Aws-Ec2-Metadata-", opens_metadata},    /* AWS, and those that speak like it */
    {"X-Aliyun-Ecs-Metadata-", opens_metadata}, /* Alibaba */
    {"X-Google-Metadata-", opens_metadata},     /* Google */
    {"X-Metadata-Token", opens_metadata},       /* Huawei */
    {"X-Metadata-Token-", opens_metadata},
};

/* An underscore counts as a dash: what lies behind CGI cannot tell them apart. RFC 3875, section 4.1.18. */
static bool matches(const char *name, const char *refused) {
    for (; *refused && (*name == '_' ? '-' : tolower((unsigned char)*name)) == tolower((unsigned char)*refused); name++)
        refused++;
    return *refused == '\0' && (*name == '\0' || refused[-1] == '-');
}

/* Oracle has a constant in place of a token. */
static bool opens_oracle(const char *name, const char *value) {
    static const char scheme[] = "Bearer";
    if (strcasecmp(name, "Authorization") != 0 || strncasecmp(value, scheme, strlen(scheme)) != 0)
        return false;
    value += strlen(scheme);
    size_t blanks = strspn(value, " \t");
    size_t len = strcspn(value + blanks, " \t");
    return blanks > 0 && len == strlen("Oracle") && strncasecmp(value + blanks, "Oracle", len) == 0;
}

const char *fetch_headers_check(const char *name, const char *value) {
    if (!field_name_is_valid(name))
        return "this is not a header name";
    for (size_t i = 0; i < sizeof refused_headers / sizeof refused_headers[0]; i++)
        if (matches(name, refused_headers[i].name))
            return refused_headers[i].reason;
    if (!value)
        return "the value must be a string, or a list of strings";
    if (opens_oracle(name, value + strspn(value, " \t")))
        return opens_metadata;
    return field_value_is_valid(value) ? NULL : "the value has a control character";
}

/* ---- reading ---- */

static void add_header(const struct fetch_options_target *t, const char **lines, const char *name, const cJSON *value,
                       const char *pointer) {
    const char *reason = fetch_headers_check(name, cJSON_IsString(value) ? value->valuestring : NULL);
    if (reason) {
        problem_add(t->problem, pointer, "header %.64s: %s", name, reason);
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
    if (count > FETCH_HEADERS_MAX) {
        problem_add(t->problem, pointer, "more than %d headers", FETCH_HEADERS_MAX);
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
