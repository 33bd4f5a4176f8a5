#include "pool/result_json.h"

#include "base/json.h"
#include "base/utf8.h"
#include "pool/plan_json.h"

#include <string.h>

enum { RESULT_REST_BYTES = 1024 }; /* what usually stands beside a body */

static const struct {
    const char *name;
    size_t offset;
} timings_table[] = {
    {"queue", offsetof(struct fetch_timings, queue_us)},
    {"namelookup", offsetof(struct fetch_timings, namelookup_us)},
    {"connect", offsetof(struct fetch_timings, connect_us)},
    {"appconnect", offsetof(struct fetch_timings, appconnect_us)},
    {"pretransfer", offsetof(struct fetch_timings, pretransfer_us)},
    {"starttransfer", offsetof(struct fetch_timings, starttransfer_us)},
    {"redirect", offsetof(struct fetch_timings, redirect_us)},
    {"total", offsetof(struct fetch_timings, total_us)},
};

static void put_timings(struct json *j, const struct fetch_timings *timings) {
    json_key(j, "timings");
    json_object_open(j);
    for (size_t i = 0; i < sizeof timings_table / sizeof timings_table[0]; i++) {
        json_key(j, timings_table[i].name);
        json_seconds(j, *(const int64_t *)(const void *)((const char *)timings + timings_table[i].offset));
    }
    json_object_close(j);
}

/* Name and value stand one behind the other, each with its NUL. */
static const char *next_text(const char *text) {
    return text + strlen(text) + 1;
}

static bool was_named_before(const char *start, const char *name) {
    for (const char *p = start; p < name; p = next_text(next_text(p)))
        if (json_is_same_string(p, name))
            return true;
    return false;
}

static void put_headers(struct json *j, const struct buf *headers) {
    const char *start = headers->len ? headers->data : "";
    const char *end = start + headers->len;
    json_key(j, "headers");
    json_object_open(j);
    for (const char *name = start; name < end; name = next_text(next_text(name))) {
        if (was_named_before(start, name))
            continue;
        json_key_text(j, name, strlen(name));
        json_array_open(j);
        for (const char *same = name; same < end; same = next_text(next_text(same)))
            if (json_is_same_string(same, name))
                json_text(j, next_text(same));
        json_array_close(j);
    }
    json_object_close(j);
}

/* The room is made at once: growing in steps would take half as much again. */
bool result_json_put_bytes(struct json *j, const char *bytes, size_t len) {
    size_t escaped = json_string_bytes(bytes, len);
    bool is_text = utf8_is_valid(bytes, len) && escaped <= 2 * len + 2;
    json_reserve(j, (is_text ? escaped : len / 3 * 4 + 8) + RESULT_REST_BYTES);
    if (is_text)
        json_string(j, bytes, len);
    else
        json_base64(j, bytes, len);
    return is_text;
}

static void put_body(struct json *j, const struct buf *body) {
    json_key(j, "body");
    bool is_text = result_json_put_bytes(j, body->len ? body->data : "", body->len);
    json_key(j, "body_encoding");
    json_text(j, is_text ? "utf-8" : "base64");
}

static void put_redirects(struct json *j, const char *url, const struct fetch_result *result) {
    json_key(j, "final_url");
    json_text(j, result->final_url ? result->final_url : url);
    json_key(j, "redirects");
    json_array_open(j);
    for (size_t i = 0; i < result->redirect_count; i++) {
        json_object_open(j);
        json_key(j, "url");
        json_text(j, result->redirects[i].url);
        json_key(j, "status");
        json_int(j, result->redirects[i].status);
        json_key(j, "location");
        json_text(j, result->redirects[i].location);
        json_object_close(j);
    }
    json_array_close(j);
}

static void put_connection(struct json *j, const struct fetch_connection *connection) {
    json_key(j, "connection");
    json_object_open(j);
    json_key(j, "remote_ip");
    json_text(j, connection->remote_ip);
    json_key(j, "remote_port");
    json_int(j, connection->remote_port);
    json_key(j, "http_version");
    json_text(j, connection->http_version);
    json_key(j, "reused");
    json_bool(j, connection->reused);
    json_object_close(j);
}

static void put_tls(struct json *j, const struct fetch_tls *tls) {
    json_key(j, "tls");
    if (!tls->version) {
        json_null(j);
        return;
    }
    json_object_open(j);
    json_key(j, "version");
    json_text(j, tls->version);
    json_key(j, "cipher");
    json_text(j, tls->cipher);
    json_key(j, "subject");
    json_text(j, tls->subject);
    json_key(j, "issuer");
    json_text(j, tls->issuer);
    json_key(j, "expires_at");
    json_text(j, tls->expires_at);
    json_object_close(j);
}

static const char *const given_up_names[] = {
    [FETCH_GIVEN_UP_RETRIES] = "retries", [FETCH_GIVEN_UP_DEADLINE] = "deadline", [FETCH_GIVEN_UP_BUDGET] = "budget"};

static void put_attempt(struct json *j, const struct fetch_attempt *attempt) {
    json_object_open(j);
    json_key(j, "status");
    json_int(j, attempt->error ? 0 : attempt->status);
    if (attempt->error) {
        json_key(j, "error_code");
        json_text(j, fetch_error_name(attempt->error));
    }
    if (attempt->head_status) {
        json_key(j, "head_status");
        json_int(j, attempt->head_status);
    }
    json_key(j, "elapsed");
    json_seconds(j, attempt->elapsed_us);
    if (attempt->delay_ms >= 0) {
        json_key(j, "delay");
        json_seconds(j, attempt->delay_ms * 1000);
    }
    if (attempt->given_up != FETCH_GIVEN_UP_NOT) {
        json_key(j, "given_up");
        json_text(j, given_up_names[attempt->given_up]);
    }
    json_object_close(j);
}

static void put_attempts(struct json *j, const struct fetch_result *result) {
    json_key(j, "attempts");
    json_array_open(j);
    for (size_t i = 0; i < result->attempt_count; i++)
        put_attempt(j, &result->attempts[i]);
    json_array_close(j);
}

static void put_base(struct json *j, const struct fetch_item *item, size_t index, const struct fetch_result *result) {
    json_key(j, "url");
    json_text(j, item->url);
    if (index != RESULT_JSON_NO_INDEX) {
        json_key(j, "index");
        json_int(j, (int64_t)index);
    }
    json_key(j, "status");
    json_int(j, result->error ? 0 : result->status);
    if (result->error) {
        json_key(j, "error");
        json_text(j, result->error_text);
        json_key(j, "error_code");
        json_text(j, fetch_error_name(result->error));
    } else {
        json_key(j, "size");
        json_int(j, result->size_bytes);
    }
    json_key(j, "elapsed");
    json_seconds(j, result->elapsed_us);
    if (item->id) {
        json_key(j, "id");
        json_text(j, item->id);
    }
}

/* A fetch without a response has no headers, body or connection to tell of; its way there and its times it has. */
static void put_extras(struct json *j, const struct fetch_item *item, unsigned include,
                       const struct fetch_result *result) {
    if (include & FETCH_INCLUDE_REDIRECTS)
        put_redirects(j, item->url, result);
    if (include & FETCH_INCLUDE_HEADERS && !result->error)
        put_headers(j, &result->headers);
    if (include & FETCH_INCLUDE_BODY && !result->error)
        put_body(j, &result->body);
    if (include & FETCH_INCLUDE_CONNECTION && !result->error)
        put_connection(j, &result->connection);
    if (include & FETCH_INCLUDE_TLS && !result->error)
        put_tls(j, &result->tls);
    if (include & FETCH_INCLUDE_SHA256 && !result->error) {
        json_key(j, "sha256");
        json_text(j, result->sha256);
    }
    if (include & FETCH_INCLUDE_TIMINGS)
        put_timings(j, &result->timings);
    if (include & FETCH_INCLUDE_ATTEMPTS)
        put_attempts(j, result);
    json_object_close(j);
}

void result_json_put(struct json *j, const struct fetch_item *item, size_t index, unsigned include,
                     const struct fetch_result *result) {
    if (result->plan) {
        plan_json_put(j, item, index, result);
        return;
    }
    json_object_open(j);
    put_base(j, item, index, result);
    put_extras(j, item, include, result);
}

enum err result_json(struct buf *out, const struct fetch_item *item, size_t index, unsigned include,
                     const struct fetch_result *result) {
    struct json j;
    json_begin(&j, out);
    result_json_put(&j, item, index, include, result);
    return json_end(&j);
}

enum err result_json_head(struct buf *out, const struct fetch_item *item, size_t index,
                          const struct fetch_result *result) {
    struct json j;
    json_begin(&j, out);
    json_object_open(&j);
    put_base(&j, item, index, result);
    return json_end(&j);
}

enum err result_json_rest(struct buf *out, const struct fetch_item *item, unsigned include,
                          const struct fetch_result *result) {
    struct json j;
    json_resume(&j, out);
    put_extras(&j, item, include, result);
    return json_end(&j);
}
