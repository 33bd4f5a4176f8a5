#include "api/fetch_options.h"

#include "api/fetch_body.h"
#include "api/fetch_headers.h"
#include "base/clock.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_INT,
    KIND_BYTES,
    KIND_SECONDS,
    KIND_BOOL,
    KIND_METHOD,
    KIND_HEADERS,
    KIND_BODY,
    KIND_BODY_BASE64,
    KIND_HTTP_VERSION,
    KIND_INCLUDE,
    KIND_CONCURRENT,
    KIND_PER_HOST,
    KIND_HOST_DELAY,
    KIND_DEADLINE,
    KIND_ORDER,
    KIND_ON_DISCONNECT,
    KIND_DEDUPE,
    KIND_PLAN
};

/* One option. `offset` is its field in struct fetch_options; `max` comes from the setting at `max_offset`, if there is
 * one. */
struct row {
    const char *name;
    enum kind kind;
    bool batch_only;
    size_t offset;
    double min;
    double max;
    size_t max_offset;
};

#define FIELD(field) offsetof(struct fetch_options, field)
#define SETTING(field) offsetof(struct settings, field)

enum { OPTION_MAX_REDIRECTS = 100, OPTION_MAX_RETRIES = 10 };

static const struct row rows[] = {
    {"max_concurrent", KIND_CONCURRENT, true, 0, 1, 0, SETTING(pool.max_concurrent_limit)},
    {"timeout", KIND_SECONDS, false, FIELD(timeout_ms), 0.001, 0, SETTING(fetch.timeout_limit_ms)},
    {"connect_timeout", KIND_SECONDS, false, FIELD(connect_timeout_ms), 0.001, 0, SETTING(fetch.timeout_limit_ms)},
    {"per_host", KIND_PER_HOST, true, 0, 1, 0, SETTING(host.max_concurrent_limit)},
    {"host_delay", KIND_HOST_DELAY, true, 0, 0, 3600, 0},
    {"deadline", KIND_DEADLINE, true, 0, 0.001, 86400, 0},
    {"retries", KIND_INT, false, FIELD(retries), 0, OPTION_MAX_RETRIES, 0},
    {"retry_delay", KIND_SECONDS, false, FIELD(retry_delay_ms), 0.001, 3600, 0},
    {"method", KIND_METHOD, false, FIELD(method), 0, 0, 0},
    {"headers", KIND_HEADERS, false, FIELD(headers), 0, 0, 0},
    {"body", KIND_BODY, false, FIELD(body), 0, 0, 0},
    {"body_base64", KIND_BODY_BASE64, false, FIELD(body), 0, 0, 0},
    {"http_version", KIND_HTTP_VERSION, false, FIELD(http_version), 0, 0, 0},
    {"head_fallback", KIND_BOOL, false, FIELD(head_fallback), 0, 0, 0},
    {"follow_redirects", KIND_BOOL, false, FIELD(follow_redirects), 0, 0, 0},
    {"max_redirects", KIND_INT, false, FIELD(max_redirects), 0, OPTION_MAX_REDIRECTS, 0},
    {"max_size", KIND_BYTES, false, FIELD(max_size_bytes), 0, 0, SETTING(fetch.max_size_limit_bytes)},
    {"decompress", KIND_BOOL, false, FIELD(decompress), 0, 0, 0},
    {"include", KIND_INCLUDE, false, FIELD(include), 0, 0, 0},
    {"dedupe", KIND_DEDUPE, true, 0, 0, 0, 0},
    {"plan", KIND_PLAN, true, 0, 0, 0, 0},
    {"order", KIND_ORDER, true, 0, 0, 0, 0},
    {"on_disconnect", KIND_ON_DISCONNECT, true, 0, 0, 0, 0},
};

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

static const char *const http_versions[] = {
    [FETCH_HTTP_1_1] = "1.1",
    [FETCH_HTTP_2] = "2",
    [FETCH_HTTP_AUTO] = "auto",
};

static const struct row *find_row(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static double max_of(const struct row *row, const struct settings *settings) {
    if (row->max_offset == 0)
        return row->max;
    double max = (double)*(const int64_t *)(const void *)((const char *)settings + row->max_offset);
    return row->kind == KIND_SECONDS ? max / 1000 : max;
}

/* ---- values by kind; each says what is wrong with it ---- */

static bool read_number(const struct fetch_options_target *t, const struct row *row, const cJSON *value,
                        const char *pointer, double *ret_number) {
    double max = max_of(row, t->settings);
    bool whole = row->kind != KIND_SECONDS && row->kind != KIND_DEADLINE && row->kind != KIND_HOST_DELAY;
    if (!cJSON_IsNumber(value)) {
        problem_add(t->problem, pointer, "%s must be a number", row->name);
        return false;
    }
    double number = value->valuedouble;
    if (!(number >= row->min && number <= max) || (whole && floor(number) != number)) {
        problem_add(t->problem, pointer, "%s must be %s from %.10g to %.10g", row->name,
                    whole ? "a whole number" : "a number of seconds", row->min, max);
        return false;
    }
    *ret_number = number;
    return true;
}

static void read_method(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    for (size_t i = 0; i < sizeof methods / sizeof methods[0] && cJSON_IsString(value); i++)
        if (strcmp(value->valuestring, methods[i]) == 0) {
            t->options->method = methods[i];
            return;
        }
    problem_add(t->problem, pointer, "method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

static void read_http_version(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    for (size_t i = 0; i < sizeof http_versions / sizeof http_versions[0] && cJSON_IsString(value); i++)
        if (strcmp(value->valuestring, http_versions[i]) == 0) {
            t->options->http_version = (enum fetch_http_version)i;
            return;
        }
    problem_add(t->problem, pointer, "http_version must be one of the strings 1.1, 2, auto");
}

static bool add_include(const cJSON *value, unsigned *set) {
    unsigned part = cJSON_IsString(value) ? fetch_include_find(value->valuestring, strlen(value->valuestring)) : 0;
    *set |= part;
    return part != 0;
}

static void read_include(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    unsigned set = 0;
    const cJSON *name;
    bool ok = cJSON_IsArray(value);
    cJSON_ArrayForEach(name, value) ok = add_include(name, &set) && ok;
    if (ok && set && t->delivery->format->is_plain)
        problem_add(t->problem, pointer, "CSV has no column for what include asks for: ask for JSON");
    else if (ok)
        t->options->include = set;
    else
        problem_add(t->problem, pointer, "include must be a list of names out of: " FETCH_INCLUDE_NAMES);
}

static bool is_word(const cJSON *value, const char *word) {
    return cJSON_IsString(value) && strcmp(value->valuestring, word) == 0;
}

static void read_order(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    if (is_word(value, "input"))
        t->delivery->order = ANSWER_ORDER_INPUT;
    else if (!is_word(value, "completion"))
        problem_add(t->problem, pointer, "order must be input or completion");
    else if (t->delivery->format->is_separable)
        t->delivery->order = ANSWER_ORDER_COMPLETION;
    else
        problem_add(t->problem, pointer, "%s has the order of the list: ask for NDJSON (Accept: application/x-ndjson)",
                    t->delivery->format == &answer_har ? "an HTTP Archive" : "an array");
}

static void read_on_disconnect(const struct fetch_options_target *t, const cJSON *value, const char *pointer) {
    if (is_word(value, "cancel"))
        t->delivery->on_disconnect = DELIVERY_CANCEL;
    else if (is_word(value, "finish"))
        t->delivery->on_disconnect = DELIVERY_FINISH;
    else if (is_word(value, "detach"))
        problem_add(t->problem, pointer, "on_disconnect detach is not supported yet: use cancel or finish");
    else
        problem_add(t->problem, pointer, "on_disconnect must be cancel or finish");
}

static void store_bool(const struct fetch_options_target *t, const struct row *row, const cJSON *value,
                       const char *pointer, bool *ret_value) {
    if (cJSON_IsBool(value))
        *ret_value = cJSON_IsTrue(value);
    else
        problem_add(t->problem, pointer, "%s must be true or false", row->name);
}

static int64_t milliseconds(double seconds) {
    return (int64_t)(seconds * 1000 + 0.5);
}

static void store_number(const struct fetch_options_target *t, const struct row *row, double number) {
    char *field = (char *)t->options + row->offset;
    switch (row->kind) {
    case KIND_INT:
        *(int *)(void *)field = (int)number;
        break;
    case KIND_BYTES:
        *(int64_t *)(void *)field = (int64_t)number;
        break;
    case KIND_SECONDS:
        *(int64_t *)(void *)field = milliseconds(number);
        break;
    case KIND_CONCURRENT:
        t->batch->max_concurrent = (size_t)number;
        break;
    case KIND_PER_HOST:
        t->batch->per_host = (uint32_t)number;
        break;
    case KIND_HOST_DELAY:
        t->batch->host_delay_ms = milliseconds(number);
        break;
    default:
        t->batch->deadline_ms = clock_after_ms(milliseconds(number));
    }
}

static void read_value(const struct fetch_options_target *t, const struct row *row, const cJSON *value,
                       const char *pointer) {
    double number;
    switch (row->kind) {
    case KIND_BOOL:
        store_bool(t, row, value, pointer, (bool *)((char *)t->options + row->offset));
        return;
    case KIND_METHOD:
        read_method(t, value, pointer);
        return;
    case KIND_HEADERS:
        fetch_headers_read(t, value, pointer);
        return;
    case KIND_BODY:
    case KIND_BODY_BASE64:
        fetch_body_read(t, row->kind == KIND_BODY_BASE64, value, pointer);
        return;
    case KIND_HTTP_VERSION:
        read_http_version(t, value, pointer);
        return;
    case KIND_INCLUDE:
        read_include(t, value, pointer);
        return;
    case KIND_ORDER:
        read_order(t, value, pointer);
        return;
    case KIND_ON_DISCONNECT:
        read_on_disconnect(t, value, pointer);
        return;
    case KIND_DEDUPE:
        store_bool(t, row, value, pointer, &t->batch->dedupe);
        if (t->batch->dedupe && t->delivery->format->keeps_hops)
            problem_add(t->problem, pointer, "an HTTP Archive tells of each request, so each item needs its own");
        return;
    case KIND_PLAN:
        store_bool(t, row, value, pointer, &t->batch->plan);
        if (t->batch->plan && t->delivery->format->encoding != ANSWER_JSON)
            problem_add(t->problem, pointer, "a plan is told as JSON: ask for an array or lines");
        return;
    default:
        if (read_number(t, row, value, pointer, &number))
            store_number(t, row, number);
    }
}

bool fetch_options_read(const struct fetch_options_target *target, const char *name, const cJSON *value,
                        const char *pointer) {
    const struct row *row = find_row(name);
    if (!row)
        return false;
    if (row->batch_only && target->is_item)
        problem_add(target->problem, pointer, "%s is an option of the whole batch", name);
    else
        read_value(target, row, value, pointer);
    return true;
}

/* ---- query parameters ---- */

static cJSON *list_value(const char *text) {
    cJSON *list = cJSON_CreateArray();
    bool goes_on = *text;
    while (list && goes_on) { /* behind a comma there is another, be it empty */
        char name[64];
        size_t n = strcspn(text, ",");
        (void)snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, text);
        if (!cJSON_AddItemToArray(list, cJSON_CreateString(name))) {
            cJSON_Delete(list);
            return NULL;
        }
        goes_on = text[n] == ',';
        text += n + goes_on;
    }
    return list;
}

/* A text that is no value of the kind stays a text, and is refused as one. */
static cJSON *query_value(const struct row *row, const char *text) {
    char *end;
    double number;
    switch (row->kind) {
    case KIND_METHOD:
    case KIND_BODY:
    case KIND_BODY_BASE64:
    case KIND_HTTP_VERSION:
    case KIND_HEADERS:
    case KIND_ORDER:
    case KIND_ON_DISCONNECT:
        return cJSON_CreateString(text);
    case KIND_INCLUDE:
        return list_value(text);
    case KIND_BOOL:
    case KIND_DEDUPE:
    case KIND_PLAN:
        return strcmp(text, "true") == 0    ? cJSON_CreateTrue()
               : strcmp(text, "false") == 0 ? cJSON_CreateFalse()
                                            : cJSON_CreateString(text);
    default:
        number = strtod(text, &end);
        return *text && text[strspn(text, "0123456789.eE+-")] == '\0' && *end == '\0' ? cJSON_CreateNumber(number)
                                                                                      : cJSON_CreateString(text);
    }
}

bool fetch_options_read_query(const struct fetch_options_target *target, const char *name, const char *value) {
    char pointer[PROBLEM_POINTER_BYTES];
    const struct row *row = find_row(name);
    if (!row)
        return false;
    (void)snprintf(pointer, sizeof pointer, "?%s", name);
    cJSON *json = query_value(row, value);
    if (json)
        read_value(target, row, json, pointer);
    else
        problem_set(target->problem, 503, "out of memory");
    cJSON_Delete(json);
    return true;
}

void fetch_options_finish(const struct fetch_options_target *target, const char *pointer) {
    if (strcmp(target->options->method, "HEAD") == 0 && target->options->body)
        problem_add(target->problem, pointer, "a HEAD request has no body");
}
