#include "cli/remote.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/thread.h"
#include "cli/archive_split.h"
#include "cli/entry_read.h"
#include "cli/exit.h"
#include "cli/problem_read.h"
#include "cli/progress.h"
#include "cli/remote_address.h"
#include "cli/remote_list.h"
#include "cli/result_read.h"
#include "pool/result_har.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_TYPE "application/x-ndjson"

enum { MAX_LINE_BYTES = 1024 * 1024 * 1024, MAX_PROBLEM_BYTES = 64 * 1024, CONNECT_TIMEOUT_S = 10 };

struct remote {
    struct source source;
    struct job *job;
    struct remote_address address;
    CURL *curl;
    struct curl_slist *headers;
    struct buf list; /* the body of the request */
    struct buf line; /* of the answer, as far as it came; or all of it, when it is a refusal */
    struct archive_split split;
    size_t entry_start; /* in `line`, which has the entries of a result, of the one that is coming */
    pthread_t thread;
    atomic_bool cancelled;
    atomic_bool is_held; /* too much waits to be printed */
    sem_t room;          /* posted when it is not held any more, or cancelled */
    bool is_whole;       /* the last line came */
    long status;
    int code; /* the exit status, and what is said */
    char error[CLI_ERROR_BYTES];
};

/* ---- the answer ---- */

static bool is_awaited(const struct remote *r, size_t index) {
    return index < r->job->list.count && !results_has(&r->job->results, index);
}

static bool take_line(struct remote *r) {
    struct result_line line;
    struct fetch_result result;
    fetch_result_init(&result);
    enum err err = buf_terminate(&r->line);
    if (!err)
        err = result_read(r->line.data, r->line.len, &line, &result);
    if (!err && line.is_end)
        r->is_whole = true;
    else if (!err && is_awaited(r, line.index))
        job_deliver(r->job, line.index, &result);
    else
        err = err ? err : ERR_INVALID;
    fetch_result_fini(&result);
    buf_clear(&r->line);
    return !err;
}

static void wait_for_room(struct remote *r) {
    while (atomic_load(&r->is_held) && !atomic_load(&r->cancelled))
        thread_wait(&r->room);
}

static bool take_lines(struct remote *r, const char *bytes, size_t len) {
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t n = end ? (size_t)(end - bytes) : len;
        if (buf_append(&r->line, bytes, n) || (end && !take_line(r)))
            return false;
        bytes += n + (end != NULL);
        len -= n + (end != NULL);
        wait_for_room(r);
    }
    return true;
}

/* The text of a result is all its entries. */
static bool take_entry(struct remote *r) {
    struct result_line line;
    struct fetch_result result;
    bool is_last = false;
    fetch_result_init(&result);
    enum err err = buf_terminate(&r->line);
    if (!err)
        err = entry_read(r->line.data + r->entry_start, r->line.len - r->entry_start, &line, &result, &is_last);
    if (!err && !is_last)
        err = buf_append_text(&r->line, RESULT_HAR_BETWEEN);
    else if (!err && is_awaited(r, line.index))
        job_deliver_text(r->job, line.index, &result, &r->line);
    else
        err = err ? err : ERR_INVALID;
    fetch_result_fini(&result);
    if (is_last)
        buf_clear(&r->line);
    r->entry_start = r->line.len;
    return !err;
}

static bool take_archive(struct remote *r, const char *bytes, size_t len) {
    while (len > 0) {
        struct archive_piece piece = archive_split_next(&r->split, bytes, len);
        if (buf_append(&r->line, bytes + piece.start, piece.len - piece.start) || (piece.is_whole && !take_entry(r)))
            return false;
        bytes += piece.len;
        len -= piece.len;
        wait_for_room(r);
    }
    r->is_whole = r->split.is_whole;
    return true;
}

static bool wants_archive(const struct remote *r) {
    return r->job->list.keeps_hops;
}

static bool take_results(struct remote *r, const char *bytes, size_t len) {
    return wants_archive(r) ? take_archive(r, bytes, len) : take_lines(r, bytes, len);
}

/* A refusal is short. */
static bool take_problem(struct remote *r, const char *bytes, size_t len) {
    size_t room = r->line.len < MAX_PROBLEM_BYTES ? MAX_PROBLEM_BYTES - r->line.len : 0;
    return buf_append(&r->line, bytes, len < room ? len : room) == ERR_NONE;
}

static bool is_of_fetchpoold(const struct remote *r) {
    const char *type = NULL;
    (void)curl_easy_getinfo(r->curl, CURLINFO_CONTENT_TYPE, &type);
    return type && strcmp(type, wants_archive(r) ? RESULT_HAR_TYPE : LINES_TYPE) == 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg) {
    struct remote *r = arg;
    long status = 0;
    (void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    bool ok = status == 200 ? is_of_fetchpoold(r) && take_results(r, bytes, size * count)
                            : take_problem(r, bytes, size * count);
    return ok ? size * count : 0;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&((struct remote *)arg)->cancelled);
}

/* ---- the request ---- */

static void say(struct remote *r, int code, const char *text) {
    r->code = code;
    (void)snprintf(r->error, sizeof r->error, "%.100s: %.*s", r->job->options->server, CLI_ERROR_BYTES - 128, text);
}

static bool is_of_the_request(long status) {
    return status == 400 || status == 413 || status == 422;
}

static void say_refused(struct remote *r) {
    char text[CLI_ERROR_BYTES];
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(r->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
    problem_read(buf_terminate(&r->line) ? "" : r->line.data, r->status, (long)retry_after_s, text);
    say(r, is_of_the_request(r->status) ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, text);
}

static bool is_complete(struct remote *r) {
    struct results_counts counts = results_count(&r->job->results);
    return r->is_whole && counts.done == counts.total;
}

/* libcurl tells of a port even where there is none. */
static void say_no_answer(struct remote *r, CURLcode code, const char *reason) {
    long number = 0;
    (void)curl_easy_getinfo(r->curl, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && *r->address.socket && number > 0)
        say(r, CLI_EXIT_FAILED, strerror((int)number));
    else
        say(r, CLI_EXIT_FAILED, *reason ? reason : curl_easy_strerror(code));
}

/* After the transfer: what is to be said, and whether there is a result for everything. */
static void conclude(struct remote *r, CURLcode code, const char *reason) {
    static const char broken[] = "the daemon's answer ended before this result came";
    (void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &r->status);
    if (atomic_load(&r->cancelled)) {
        job_fail_rest(r->job, FETCH_CANCELLED, NULL);
        return;
    }
    if (r->status == 200 && is_of_fetchpoold(r)) {
        if (!is_complete(r))
            say(r, CLI_EXIT_FAILED, code == CURLE_WRITE_ERROR ? "this is not an answer of fetchpoold" : broken);
        job_fail_rest(r->job, FETCH_SHUTDOWN, broken);
        return;
    }
    if (r->status == 200)
        say(r, CLI_EXIT_FAILED, "this is not an answer of fetchpoold");
    else if (r->status != 0)
        say_refused(r);
    else
        say_no_answer(r, code, reason);
    results_abandon(&r->job->results); /* nothing is printed */
    job_fail_rest(r->job, FETCH_CANCELLED, NULL);
}

static void *run(void *arg) {
    struct remote *r = arg;
    char reason[CURL_ERROR_SIZE] = "";
    (void)curl_easy_setopt(r->curl, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = curl_easy_perform(r->curl);
    conclude(r, code, reason);
    return NULL;
}

static enum err add_header(struct remote *r, const char *line) {
    struct curl_slist *longer = curl_slist_append(r->headers, line);
    if (!longer)
        return ERR_NOMEM;
    r->headers = longer;
    return ERR_NONE;
}

static enum err set_headers(struct remote *r) {
    char line[REMOTE_TOKEN_BYTES + 32];
    enum err err = add_header(r, "Content-Type: application/json");
    if (!err)
        err = add_header(r, wants_archive(r) ? "Accept: " RESULT_HAR_TYPE : "Accept: " LINES_TYPE);
    if (!err)
        err = add_header(r, "Expect:");
    if (err || !*r->address.token)
        return err;
    (void)snprintf(line, sizeof line, "Authorization: Bearer %s", r->address.token);
    return add_header(r, line);
}

static bool set_options(struct remote *r) {
    CURL *curl = r->curl;
    bool ok = !curl_easy_setopt(curl, CURLOPT_URL, r->address.url) &&
              !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
              !curl_easy_setopt(curl, CURLOPT_PROXY, "") && !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
              !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->list.len) &&
              !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->list.data) &&
              !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->headers) &&
              !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) &&
              !curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L) &&
              !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) &&
              !curl_easy_setopt(curl, CURLOPT_WRITEDATA, r) &&
              !curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) &&
              !curl_easy_setopt(curl, CURLOPT_XFERINFODATA, r) && !curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (ok && *r->address.socket)
        ok = !curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, r->address.socket);
    if (ok && r->job->options->ca_file)
        ok = !curl_easy_setopt(curl, CURLOPT_CAINFO, r->job->options->ca_file);
    return ok;
}

/* ---- as a source ---- */

static struct remote *of(struct source *s) {
    return LIST_ENTRY(s, struct remote, source);
}

static void hold(void *arg, size_t wanted) {
    (void)wanted; /* the daemon sends it when it can */
    atomic_store(&((struct remote *)arg)->is_held, true);
}

static void release(void *arg) {
    struct remote *r = arg;
    atomic_store(&r->is_held, false);
    sem_post(&r->room);
}

static void cancel(struct source *s) {
    struct remote *r = of(s);
    atomic_store(&r->cancelled, true);
    sem_post(&r->room);
    thread_interrupt(r->thread);
}

static size_t in_flight(struct source *s) {
    (void)s; /* the daemon does not tell */
    return PROGRESS_NOT_KNOWN;
}

static void destroy(struct remote *r) {
    if (r->curl)
        curl_easy_cleanup(r->curl);
    curl_slist_free_all(r->headers);
    explicit_bzero(r->address.token, sizeof r->address.token);
    buf_fini(&r->list);
    buf_fini(&r->line);
    sem_destroy(&r->room);
    free(r);
}

static int finish(struct source *s, char ret_error[CLI_ERROR_BYTES]) {
    struct remote *r = of(s);
    (void)pthread_join(r->thread, NULL); /* it was started, and is joined once */
    int code = r->code;
    (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", r->error);
    destroy(r);
    return code;
}

static const struct source_ops ops = {.cancel = cancel, .in_flight = in_flight, .finish = finish};

static enum err start(struct remote *r, char ret_error[CLI_ERROR_BYTES]) {
    enum err err = remote_address_read(r->job->options, &r->address, ret_error);
    if (err)
        return err;
    r->curl = curl_global_init(CURL_GLOBAL_DEFAULT) ? NULL : curl_easy_init();
    err = r->curl ? remote_list_write(r->job, &r->list) : ERR_LIBRARY;
    if (!err)
        err = set_headers(r);
    if (!err && !set_options(r))
        err = ERR_LIBRARY;
    r->job->results.flow = (struct results_flow){.hold = hold, .release = release, .arg = r};
    r->job->started_us = clock_now_us();
    if (!err)
        err = thread_start("fp-remote", run, r, true, &r->thread);
    if (err)
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", err_text(err));
    return err;
}

enum err remote_start(struct job *job, struct source **ret_source, char ret_error[CLI_ERROR_BYTES]) {
    struct remote *r = calloc(1, sizeof *r);
    if (!r) {
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", err_text(ERR_NOMEM));
        return ERR_NOMEM;
    }
    r->source.ops = &ops;
    r->job = job;
    sem_init(&r->room, 0, 0);
    buf_init(&r->list, SIZE_MAX);
    buf_init(&r->line, MAX_LINE_BYTES);
    enum err err = start(r, ret_error);
    if (err)
        destroy(r);
    else
        *ret_source = &r->source;
    return err;
}
