#include "pool/result_har.h"

#include "base/clock.h"
#include "base/json.h"
#include "pool/har_head.h"
#include "pool/har_url.h"
#include "pool/head.h"
#include "pool/result_json.h"
#include "pool/transfer.h"

#include <stdio.h>
#include <string.h>

static const struct fetch_hop no_hop = {.url = NULL};

/* What an entry is made of. */
struct entry {
    size_t index;
    const struct fetch_options *options;
    const struct fetch_result *result;
    const struct fetch_hop *hop;   /* `no_hop`: no request came of it */
    const struct fetch_item *item; /* NULL: the result comes later */
    struct buf url;
    int64_t started_us; /* monotonic */
    int64_t waited_us;  /* for its turn */
};

static bool is_failure(const struct entry *e) {
    return e->item && e->result->error;
}

static bool with_secrets(const struct entry *e) {
    return e->options->include & FETCH_INCLUDE_HEADERS;
}

static void put_text(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    json_text(j, text);
}

static void put_int(struct json *j, const char *key, int64_t value) {
    json_key(j, key);
    json_int(j, value);
}

static void put_field(struct json *j, const char *key, const struct buf *head, const char *name, const char *without) {
    struct head_text value = {.text = without, .len = strlen(without)};
    (void)head_find(head->data, head->len, name, &value);
    json_key(j, key);
    json_string(j, value.text, value.len);
}

/* -1: it is not known. */
static int64_t head_bytes(const struct buf *head) {
    return head->len > 0 ? (int64_t)head->len : -1;
}

/* ---- the request ---- */

static void put_post_data(struct json *j, const struct fetch_hop *hop) {
    json_key(j, "postData");
    json_object_open(j);
    put_field(j, "mimeType", &hop->request, "content-type", "");
    json_key(j, "text");
    if (!result_json_put_bytes(j, hop->body, hop->body_bytes))
        put_text(j, "_encoding", "base64");
    json_object_close(j);
}

static void put_request(struct json *j, const struct entry *e) {
    const struct fetch_hop *hop = e->hop;
    bool was_sent = hop->request.len > 0;
    json_key(j, "request");
    json_object_open(j);
    put_text(j, "method", hop->method ? hop->method : e->options->method);
    put_text(j, "url", e->url.data);
    har_head_put_version(j, &hop->request, true);
    har_head_put_cookies(j, &hop->request, true, with_secrets(e));
    har_head_put_headers(j, &hop->request, with_secrets(e));
    har_head_put_query(j, e->url.data);
    if (was_sent && hop->body && e->options->include & FETCH_INCLUDE_BODY)
        put_post_data(j, hop);
    put_int(j, "headersSize", head_bytes(&hop->request));
    put_int(j, "bodySize", !was_sent ? -1 : hop->body ? (int64_t)hop->body_bytes : 0);
    json_object_close(j);
}

/* ---- the response ---- */

/* What a redirect has for a body is not kept. */
static void put_content(struct json *j, const struct entry *e) {
    const struct fetch_result *result = e->result;
    int64_t size = e->item ? result->size_bytes : 0;
    json_key(j, "content");
    json_object_open(j);
    put_int(j, "size", size);
    if (e->item && size != e->hop->length_bytes)
        put_int(j, "compression", size - e->hop->length_bytes);
    put_field(j, "mimeType", &e->hop->response, "content-type", "x-unknown");
    if (e->item && e->options->include & FETCH_INCLUDE_BODY) {
        json_key(j, "text");
        if (!result_json_put_bytes(j, result->body.len ? result->body.data : "", result->body.len))
            put_text(j, "encoding", "base64");
    }
    json_object_close(j);
}

static void put_no_content(struct json *j) {
    json_key(j, "content");
    json_object_open(j);
    put_int(j, "size", 0);
    put_text(j, "mimeType", "x-unknown");
    json_object_close(j);
}

static void put_response_head(struct json *j, const struct entry *e) {
    const struct buf *head = &e->hop->response;
    int status = e->item ? e->result->status : e->hop->status;
    put_int(j, "status", status);
    har_head_put_reason(j, head);
    har_head_put_version(j, head, false);
    har_head_put_cookies(j, head, false, with_secrets(e));
    har_head_put_headers(j, head, with_secrets(e));
    put_content(j, e);
    put_field(j, "redirectURL", head, transfer_is_redirect(status) ? "location" : "", "");
    put_int(j, "headersSize", head_bytes(head));
    put_int(j, "bodySize", e->hop->length_bytes);
}

/* As browsers have it. */
static void put_no_response(struct json *j, const char *error) {
    static const struct buf no_head = {.data = NULL};
    put_int(j, "status", 0);
    put_text(j, "statusText", "");
    put_text(j, "httpVersion", "");
    har_head_put_cookies(j, &no_head, false, false);
    har_head_put_headers(j, &no_head, false);
    put_no_content(j);
    put_text(j, "redirectURL", "");
    put_int(j, "headersSize", -1);
    put_int(j, "bodySize", -1);
    put_text(j, "_error", error);
}

static void put_response(struct json *j, const struct entry *e) {
    json_key(j, "response");
    json_object_open(j);
    if (is_failure(e))
        put_no_response(j, e->result->error_text);
    else
        put_response_head(j, e);
    json_object_close(j);
}

/* ---- times ---- */

static struct fetch_hop_phases phases_of(const struct entry *e) {
    struct fetch_hop_phases p = {.dns_us = -1, .connect_us = -1, .ssl_us = -1};
    if (e->hop != &no_hop)
        p = fetch_hop_phases(e->hop);
    p.blocked_us += e->waited_us;
    return p;
}

static void put_time(struct json *j, const char *key, int64_t us) {
    json_key(j, key);
    if (us < 0)
        json_int(j, -1);
    else
        json_milliseconds(j, us);
}

static int64_t spent(int64_t us) {
    return us > 0 ? us : 0;
}

/* TLS is a part of connecting. */
static int64_t whole_us(const struct fetch_hop_phases *p) {
    return p->blocked_us + spent(p->dns_us) + spent(p->connect_us) + p->send_us + p->wait_us + p->receive_us;
}

static void put_timings(struct json *j, const struct fetch_hop_phases *p) {
    json_key(j, "timings");
    json_object_open(j);
    put_time(j, "blocked", p->blocked_us);
    put_time(j, "dns", p->dns_us);
    put_time(j, "connect", p->connect_us);
    put_time(j, "ssl", p->ssl_us);
    put_time(j, "send", p->send_us);
    put_time(j, "wait", p->wait_us);
    put_time(j, "receive", p->receive_us);
    json_object_close(j);
}

/* ---- entries ---- */

static void put_connection(struct json *j, const struct fetch_hop *hop) {
    char port[16];
    if (!*hop->remote_ip)
        return;
    (void)snprintf(port, sizeof port, "%d", hop->local_port);
    put_text(j, "serverIPAddress", hop->remote_ip);
    put_text(j, "connection", port);
}

/* Headers and body have their places. */
static void put_result(struct json *j, const struct entry *e) {
    unsigned include = e->options->include & ~(unsigned)(FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY);
    json_key(j, "_result");
    result_json_put(j, e->item, e->index, include, e->result);
}

static void put_entry(struct json *j, const struct entry *e) {
    char started[CLOCK_RFC3339_BYTES];
    struct fetch_hop_phases phases = phases_of(e);
    clock_wall_text_at(e->started_us / 1000, started);
    json_object_open(j);
    put_text(j, "startedDateTime", started);
    put_time(j, "time", whole_us(&phases));
    put_request(j, e);
    put_response(j, e);
    json_key(j, "cache");
    json_object_open(j);
    json_object_close(j);
    put_timings(j, &phases);
    put_connection(j, e->hop);
    put_int(j, "_index", (int64_t)e->index);
    if (e->item)
        put_result(j, e);
    json_object_close(j);
}

static enum err append_url(struct entry *e, const struct fetch_item *item, const struct fetch_hop *before) {
    struct head_text location = {.text = ""};
    if (e->hop != &no_hop)
        return har_url_append(&e->url, e->hop->url);
    if (!before)
        return har_url_append(&e->url, item->url);
    (void)head_find(before->response.data, before->response.len, "location", &location);
    return har_url_append_redirect(&e->url, before->url, location.text, location.len);
}

/* `before` is NULL for the first. */
static enum err append_entry(struct buf *out, struct entry *e, const struct fetch_item *item,
                             const struct fetch_hop *before) {
    struct json j;
    buf_init(&e->url, SIZE_MAX);
    enum err err = before ? buf_append_text(out, RESULT_HAR_BETWEEN) : ERR_NONE;
    if (!err)
        err = append_url(e, item, before);
    json_begin(&j, out);
    if (!err) {
        put_entry(&j, e);
        err = json_end(&j);
    }
    buf_fini(&e->url);
    return err;
}

/* From being accepted until the first hop: its turn, and the attempts before this one. */
static int64_t waited_us(const struct fetch_result *result) {
    return result->timings.queue_us + spent(result->elapsed_us - result->timings.total_us);
}

enum err result_har(struct buf *out, const struct fetch_item *item, size_t index, const struct fetch_options *options,
                    const struct fetch_result *result) {
    const struct fetch_hops *hops = &result->hops;
    struct entry e = {.index = index, .options = options, .result = result};
    bool is_cut_off = hops->count == 0 || hops->items[hops->count - 1].is_followed; /* nothing came of the last one */
    size_t count = hops->count + is_cut_off;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && !err; i++) {
        const struct fetch_hop *before = i > 0 ? &hops->items[i - 1] : NULL;
        e.hop = i < hops->count ? &hops->items[i] : &no_hop;
        e.item = i + 1 == count ? item : NULL;
        e.waited_us = before ? 0 : hops->count > 0 ? waited_us(result) : result->timings.queue_us + result->elapsed_us;
        e.started_us = i < hops->count ? e.hop->started_us - e.waited_us
                       : before        ? before->ended_us
                                       : clock_now_us() - e.waited_us;
        err = append_entry(out, &e, item, before);
    }
    return err;
}
