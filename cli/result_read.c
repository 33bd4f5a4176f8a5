#include "cli/result_read.h"

#include "base/base64.h"
#include "base/json_names.h"
#include "base/json_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct fetch_result *result;
    struct result_line *line;
    bool has_index;
    bool is_base64;
    enum err err; /* the first */
};

static void fail(struct reading *r, enum err err) {
    if (!r->err)
        r->err = err;
}

static bool is_name(const struct json_part *raw, const char *name) {
    return raw->len == strlen(name) + 2 && memcmp(raw->text + 1, name, raw->len - 2) == 0;
}

/* Called with each member of the object. */
typedef void read_member(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg);

static void read_object(struct reading *r, const struct json_part *object, read_member *read, void *arg) {
    struct json_walk walk;
    struct json_part name, value;
    if (*object->text != '{') {
        fail(r, ERR_INVALID);
        return;
    }
    json_walk_begin(&walk, object->text);
    while (!r->err && json_walk_next(&walk, &name, &value))
        read(r, &name, &value, arg);
}

static void read_list(struct reading *r, const struct json_part *list, read_member *read, void *arg) {
    struct json_walk walk;
    struct json_part none = {0}, value;
    if (*list->text != '[') {
        fail(r, ERR_INVALID);
        return;
    }
    json_walk_begin(&walk, list->text);
    while (!r->err && json_walk_next(&walk, &none, &value))
        read(r, &none, &value, arg);
}

/* ---- values ---- */

enum { MIN_STATUS = 100, MAX_STATUS = 999, MAX_PORT = 65535, MAX_SECONDS = 1000000000 };

/* A list's sizes and places are added up and counted in 64 bits. */
static const double max_size_bytes = 1099511627776.0;
static const double max_index = 9e15;

static double number_of(struct reading *r, const struct json_part *value, double max) {
    double number = strtod(value->text, NULL);
    bool is_number = *value->text == '-' || (*value->text >= '0' && *value->text <= '9');
    if (is_number && number >= 0 && number <= max)
        return number;
    fail(r, ERR_INVALID);
    return 0;
}

static int64_t whole_of(struct reading *r, const struct json_part *value, double max) {
    double number = number_of(r, value, max);
    if (floor(number) != number)
        fail(r, ERR_INVALID);
    return (int64_t)number;
}

/* 0: there was no response. */
static int status_of(struct reading *r, const struct json_part *value) {
    int status = (int)whole_of(r, value, MAX_STATUS);
    if (status > 0 && status < MIN_STATUS)
        fail(r, ERR_INVALID);
    return status;
}

static int64_t micros_of(struct reading *r, const struct json_part *value) {
    return (int64_t)(number_of(r, value, MAX_SECONDS) * 1e6 + 0.5);
}

static void append_bytes(struct reading *r, const struct json_part *value, struct buf *out) {
    enum err err = *value->text == '"' ? buf_reserve(out, value->len) : ERR_INVALID;
    if (err) {
        fail(r, err);
        return;
    }
    out->len += json_names_decode(value->text + 1, value->len - 2, out->data + out->len);
}

/* Appends the string, which has no NUL, with one behind it. */
static void append_text(struct reading *r, const struct json_part *value, struct buf *out) {
    size_t start = out->len;
    append_bytes(r, value, out);
    if (!r->err)
        fail(r, memchr(out->data + start, '\0', out->len - start) ? ERR_INVALID : buf_append_char(out, '\0'));
}

/* The caller frees it; NULL: an error is set. */
static char *text_of(struct reading *r, const struct json_part *value) {
    struct buf text;
    size_t len;
    buf_init(&text, SIZE_MAX);
    append_text(r, value, &text);
    if (!r->err)
        return buf_take(&text, &len);
    buf_fini(&text);
    return NULL;
}

static void read_short(struct reading *r, const struct json_part *value, char *ret_text, size_t size) {
    char *text = text_of(r, value);
    (void)snprintf(ret_text, size, "%s", text ? text : "");
    free(text);
}

static enum fetch_error error_of(struct reading *r, const struct json_part *value) {
    enum fetch_error error = *value->text == '"' ? fetch_error_learn(value->text + 1, value->len - 2) : FETCH_OK;
    if (!error)
        fail(r, ERR_INVALID);
    return error;
}

/* ---- what is included ---- */

static void read_header(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg) {
    (void)arg;
    struct json_walk walk;
    struct json_part none, one;
    if (*value->text != '[') {
        fail(r, ERR_INVALID);
        return;
    }
    json_walk_begin(&walk, value->text);
    while (!r->err && json_walk_next(&walk, &none, &one)) {
        append_text(r, name, &r->result->headers);
        append_text(r, &one, &r->result->headers);
    }
}

struct redirect_texts {
    char *url;
    char *location;
    int status;
};

static void read_redirect_field(struct reading *r, const struct json_part *name, const struct json_part *value,
                                void *arg) {
    struct redirect_texts *redirect = arg;
    if (is_name(name, "url") && !redirect->url)
        redirect->url = text_of(r, value);
    else if (is_name(name, "location") && !redirect->location)
        redirect->location = text_of(r, value);
    else if (is_name(name, "status"))
        redirect->status = status_of(r, value);
}

static void read_redirect(struct reading *r, const struct json_part *none, const struct json_part *value, void *arg) {
    struct redirect_texts redirect = {0};
    (void)none;
    (void)arg;
    read_object(r, value, read_redirect_field, &redirect);
    if (!r->err && redirect.url && redirect.location)
        fail(r, fetch_result_add_redirect(r->result, redirect.url, redirect.status, redirect.location));
    else
        fail(r, ERR_INVALID);
    free(redirect.url);
    free(redirect.location);
}

static void read_connection(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg) {
    static const char *const versions[] = {"1.0", "1.1", "2", "3"};
    struct fetch_connection *connection = arg;
    if (is_name(name, "remote_ip")) {
        read_short(r, value, connection->remote_ip, sizeof connection->remote_ip);
    } else if (is_name(name, "remote_port")) {
        connection->remote_port = (int)whole_of(r, value, MAX_PORT);
    } else if (is_name(name, "reused")) {
        connection->reused = *value->text == 't';
    } else if (is_name(name, "http_version")) {
        for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
            if (is_name(value, versions[i]))
                connection->http_version = versions[i];
    }
}

static void read_tls_field(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg) {
    static const char *const versions[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    struct fetch_tls *tls = arg;
    if (is_name(name, "subject") && !tls->subject)
        tls->subject = text_of(r, value);
    else if (is_name(name, "issuer") && !tls->issuer)
        tls->issuer = text_of(r, value);
    else if (is_name(name, "expires_at"))
        read_short(r, value, tls->expires_at, sizeof tls->expires_at);
    else if (is_name(name, "cipher"))
        read_short(r, value, r->line->cipher, sizeof r->line->cipher);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0] && is_name(name, "version"); i++)
        if (is_name(value, versions[i]))
            tls->version = versions[i];
}

/* null: there was no TLS. */
static void read_tls(struct reading *r, const struct json_part *value) {
    struct fetch_tls *tls = &r->result->tls;
    if (*value->text == 'n')
        return;
    tls->cipher = r->line->cipher;
    read_object(r, value, read_tls_field, tls);
    if (!tls->subject || !tls->issuer)
        fail(r, ERR_INVALID);
}

static void read_timing(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg) {
    struct fetch_timings *t = arg;
    const struct {
        const char *name;
        int64_t *field;
    } fields[] = {
        {"queue", &t->queue_us},
        {"namelookup", &t->namelookup_us},
        {"connect", &t->connect_us},
        {"appconnect", &t->appconnect_us},
        {"pretransfer", &t->pretransfer_us},
        {"starttransfer", &t->starttransfer_us},
        {"redirect", &t->redirect_us},
        {"total", &t->total_us},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (is_name(name, fields[i].name))
            *fields[i].field = micros_of(r, value);
}

static void read_attempt_field(struct reading *r, const struct json_part *name, const struct json_part *value,
                               void *arg) {
    struct fetch_attempt *attempt = arg;
    if (is_name(name, "status"))
        attempt->status = status_of(r, value);
    else if (is_name(name, "head_status"))
        attempt->head_status = status_of(r, value);
    else if (is_name(name, "error_code"))
        attempt->error = error_of(r, value);
    else if (is_name(name, "elapsed"))
        attempt->elapsed_us = micros_of(r, value);
    else if (is_name(name, "delay"))
        attempt->delay_ms = (int64_t)(number_of(r, value, MAX_SECONDS) * 1e3 + 0.5);
    else if (is_name(name, "given_up"))
        attempt->given_up = is_name(value, "retries")    ? FETCH_GIVEN_UP_RETRIES
                            : is_name(value, "deadline") ? FETCH_GIVEN_UP_DEADLINE
                            : is_name(value, "budget")   ? FETCH_GIVEN_UP_BUDGET
                                                         : FETCH_GIVEN_UP_NOT; /* a newer daemon's reason is left out */
}

static void read_attempt(struct reading *r, const struct json_part *none, const struct json_part *value, void *arg) {
    struct fetch_result *result = r->result;
    (void)none;
    (void)arg;
    struct fetch_attempt *attempts = realloc(result->attempts, (result->attempt_count + 1) * sizeof *attempts);
    if (!attempts) {
        fail(r, ERR_NOMEM);
        return;
    }
    result->attempts = attempts;
    attempts[result->attempt_count] = (struct fetch_attempt){.delay_ms = -1};
    read_object(r, value, read_attempt_field, &attempts[result->attempt_count++]);
}

/* ---- the result ---- */

static void read_body(struct reading *r, const struct json_part *value) {
    append_bytes(r, value, &r->result->body);
}

static void read_final_url(struct reading *r, const struct json_part *value) {
    free(r->result->final_url);
    r->result->final_url = text_of(r, value);
}

/* What is included; false: it is something else. */
static bool read_part(struct reading *r, const struct json_part *name, const struct json_part *value) {
    if (is_name(name, "headers"))
        read_object(r, value, read_header, NULL);
    else if (is_name(name, "body"))
        read_body(r, value);
    else if (is_name(name, "body_encoding"))
        r->is_base64 = is_name(value, "base64");
    else if (is_name(name, "redirects"))
        read_list(r, value, read_redirect, NULL);
    else if (is_name(name, "final_url"))
        read_final_url(r, value);
    else if (is_name(name, "connection"))
        read_object(r, value, read_connection, &r->result->connection);
    else if (is_name(name, "timings"))
        read_object(r, value, read_timing, &r->result->timings);
    else if (is_name(name, "tls"))
        read_tls(r, value);
    else if (is_name(name, "sha256"))
        read_short(r, value, r->result->sha256, sizeof r->result->sha256);
    else if (is_name(name, "attempts"))
        read_list(r, value, read_attempt, NULL);
    else
        return false;
    return true;
}

static void read_field(struct reading *r, const struct json_part *name, const struct json_part *value, void *arg) {
    struct fetch_result *result = r->result;
    (void)arg;
    if (is_name(name, "done")) {
        r->line->is_end = *value->text == 't';
    } else if (is_name(name, "index")) {
        r->line->index = (size_t)whole_of(r, value, max_index);
        r->has_index = true;
    } else if (is_name(name, "status")) {
        result->status = status_of(r, value);
    } else if (is_name(name, "size")) {
        result->size_bytes = whole_of(r, value, max_size_bytes);
    } else if (is_name(name, "elapsed")) {
        result->elapsed_us = micros_of(r, value);
    } else if (is_name(name, "error_code")) {
        result->error = error_of(r, value);
    } else if (is_name(name, "error")) {
        read_short(r, value, result->error_text, sizeof result->error_text);
    } else {
        (void)read_part(r, name, value); /* what is not known is passed over */
    }
}

/* A result has its place in the list, and a status or the reason why it has none. */
static bool is_result(const struct reading *r) {
    return r->has_index && (r->result->status > 0 || r->result->error);
}

enum err result_read_part(const struct json_part *object, struct result_line *ret_line, struct fetch_result *result) {
    struct reading r = {.result = result, .line = ret_line};
    *ret_line = (struct result_line){0};
    read_object(&r, object, read_field, NULL);
    if (!r.err && r.is_base64)
        r.err = base64_decode(result->body.data, result->body.len, result->body.data, &result->body.len);
    return r.err ? r.err : ret_line->is_end || is_result(&r) ? ERR_NONE : ERR_INVALID;
}

enum err result_read(const char *text, size_t len, struct result_line *ret_line, struct fetch_result *result) {
    struct json_scan_fault fault;
    if (json_scan_grammar(text, len, &fault))
        return ERR_INVALID;
    const struct json_part whole = json_walk_whole(text);
    return result_read_part(&whole, ret_line, result);
}
