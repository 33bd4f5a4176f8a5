#include "api/fetch_log.h"

#include "pool/url.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum { LINE_FIELDS = 16 };

/* The fields of one event. */
struct line {
    struct log_field fields[LINE_FIELDS];
    size_t count;
};

static void put(struct line *l, struct log_field field) {
    assert(l->count < LINE_FIELDS);
    l->fields[l->count++] = field;
}

static void put_known(struct line *l, const char *name, const char *text) {
    if (*text)
        put(l, log_text(name, text));
}

static void begin(struct line *l, const struct fetch_log *log) {
    l->count = 0;
    put(l, log_text("batch", log->batch_id));
    put_known(l, "trace_id", log->trace.id);
    put_known(l, "parent_id", log->trace.parent);
}

/* ---- who asks ---- */

/* Of several none is the caller's. W3C Trace Context, section 3.2: "If there is more than one, it is invalid". */
struct claim {
    const char *value;
    unsigned count;
};

static void read_header(void *arg, const char *name, const char *value) {
    struct claim *claim = arg;
    if (strcasecmp(name, "traceparent") != 0)
        return;
    claim->value = value;
    claim->count++;
}

void fetch_log_init(struct fetch_log *log, const struct request *r) {
    struct claim claim = {0};
    batch_id_draw(log->batch_id);
    request_caller(r, log->caller);
    request_address(r, log->address);
    request_headers(r, read_header, &claim);
    (void)trace_read(claim.count == 1 ? claim.value : "", &log->trace); /* what is not valid is as if not there */
}

/* ---- a fetch ---- */

/* "" where the URL has none. */
static void host_of(const char *url, char ret_host[URL_HOST_MAX_BYTES + 1]) {
    struct url_origin origin;
    struct url_user user;
    const char *reason;
    size_t len = 0;
    if (url_check_with_user(url, &origin, &user, &reason) == FETCH_OK) {
        len = url_host_name_len(&origin);
        memcpy(ret_host, origin.text + origin.host_start, len);
    }
    ret_host[len] = '\0';
}

/* Only those that may be repeated are counted one by one. */
static int64_t attempts_of(const struct fetch_result *result) {
    return result->attempt_count > 0 ? (int64_t)result->attempt_count : result->elapsed_us > 0;
}

void fetch_log_fetch(const struct fetch_log *log, const char *url, size_t index, const struct fetch_result *result) {
    char host[URL_HOST_MAX_BYTES + 1];
    struct line l;
    host_of(url, host);
    begin(&l, log);
    put(&l, log_int("index", (int64_t)index));
    put_known(&l, "host", host);
    if (result->error)
        put(&l, log_text("error_code", fetch_error_name(result->error)));
    else
        put(&l, log_int("status", result->status));
    put(&l, log_int("bytes", result->size_bytes));
    put(&l, log_seconds("elapsed", result->elapsed_us));
    put(&l, log_seconds("waited", result->timings.queue_us));
    put(&l, log_int("attempts", attempts_of(result)));
    put(&l, log_int("redirects", (int64_t)result->redirect_count));
    put(&l, log_text("reused", result->connection.reused ? "yes" : "no"));
    log_emit(LOG_LEVEL_DEBUG, "fetch done", l.fields, l.count);
}

/* ---- a batch ---- */

static const char *message_of(const struct fetch_log_end *end) {
    if (end->cut_short == FETCH_CANCELLED)
        return "batch abandoned";
    return end->unattended ? "batch done without its client" : "batch done";
}

/* A fetch knows its deadline, and may end by it before the batch is cut short. */
static const char *end_of(const struct fetch_log_end *end) {
    switch (end->cut_short) {
    case FETCH_OK:
        return end->counts[ANSWER_CANCELLED] > 0 ? fetch_error_name(FETCH_DEADLINE) : "complete";
    case FETCH_CANCELLED:
        return "client_left";
    default:
        return fetch_error_name(end->cut_short); /* deadline, shutdown */
    }
}

void fetch_log_batch(const struct fetch_log *log, const struct fetch_log_end *end) {
    struct line l;
    if (!log_is_on(LOG_LEVEL_INFO))
        return;
    begin(&l, log);
    put(&l, log_text("caller", log->caller));
    put(&l, log_text("address", log->address));
    put(&l, log_int("urls", (int64_t)end->urls));
    put(&l, log_int("succeeded", (int64_t)end->counts[ANSWER_SUCCEEDED]));
    put(&l, log_int("failed", (int64_t)end->counts[ANSWER_FAILED]));
    put(&l, log_int("cancelled", (int64_t)end->counts[ANSWER_CANCELLED]));
    put(&l, log_int("bytes", end->body_bytes));
    put(&l, log_seconds("elapsed", end->elapsed_us));
    put(&l, log_text("end", end_of(end)));
    log_emit(LOG_LEVEL_INFO, message_of(end), l.fields, l.count);
}
