/* A body of POST /fetch: whatever it is, it becomes a batch within all limits or a refusal that is JSON. The first byte
 * tells the format: a line feed is one of lines of JSON, "#" of text, and JSON begins with neither. */
#include "api/batch_decode.h"
#include "base/json_scan.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "pool/field.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_URLS = 50, TIMEOUT_LIMIT_MS = 600 * 1000, MAX_SIZE_LIMIT = 1 << 20, CONCURRENT_LIMIT = 100, MAX_ID = 1024 };

static const struct settings settings = {
    .server.max_urls = MAX_URLS,
    .pool.max_concurrent_limit = CONCURRENT_LIMIT,
    .host.max_concurrent_limit = CONCURRENT_LIMIT,
    .fetch.timeout_limit_ms = TIMEOUT_LIMIT_MS,
    .fetch.max_size_limit_bytes = MAX_SIZE_LIMIT,
    .fetch.timeout_ms = 1000,
    .fetch.connect_timeout_ms = 1000,
    .fetch.max_redirects = 5,
};

static void check_text(const char *text) {
    assert(utf8_is_valid(text, strlen(text)));
}

static void check_header(const char *line) {
    size_t name_len = strcspn(line, ":");
    assert(line[name_len] == ':' && name_len > 0);
    char *name = strndup(line, name_len);
    assert(name && field_name_is_valid(name) && field_value_is_valid(line + name_len + 1));
    assert(strcasecmp(name, "Host") != 0 && strcasecmp(name, "Content-Length") != 0);
    assert(strcasecmp(name, "Transfer-Encoding") != 0 && strcasecmp(name, "Connection") != 0);
    check_text(line);
    free(name);
}

static void check_options(const struct fetch_options *options) {
    assert(options->timeout_ms >= 0 && options->timeout_ms <= TIMEOUT_LIMIT_MS);
    assert(options->connect_timeout_ms >= 0 && options->connect_timeout_ms <= TIMEOUT_LIMIT_MS);
    assert(options->max_size_bytes >= 0 && options->max_size_bytes <= MAX_SIZE_LIMIT);
    assert(options->max_redirects >= 0 && options->max_redirects <= 100);
    assert(options->retries >= 0 && options->retries <= 10);
    assert(options->retry_delay_ms >= 0 && options->retry_delay_ms <= 3600 * 1000);
    assert(strstr("GET HEAD POST PUT PATCH DELETE OPTIONS", options->method) && strlen(options->method) >= 3);
    assert(options->header_count <= 200);
    for (size_t i = 0; i < options->header_count; i++)
        check_header(options->headers[i]);
    assert(options->http_version <= FETCH_HTTP_AUTO);
    if (!options->body)
        return;
    assert(strcmp(options->method, "HEAD") != 0);
    if (options->body_is_base64)
        return;
    assert(options->body_bytes == strlen(options->body));
    check_text(options->body);
}

static void check_batch(const struct fetch_batch *batch) {
    assert(batch->count <= MAX_URLS);
    assert(batch->max_concurrent <= CONCURRENT_LIMIT && batch->per_host <= CONCURRENT_LIMIT);
    assert(batch->host_delay_ms >= 0 && batch->host_delay_ms <= 3600 * 1000);
    check_options(&batch->options);
    for (size_t i = 0; i < batch->count; i++) {
        const struct fetch_item *item = &batch->items[i];
        check_text(item->url);
        assert(!item->id || strlen(item->id) <= MAX_ID);
        if (item->options)
            check_options(item->options);
    }
}

static void check_problem(const struct problem *problem) {
    struct buf out;
    struct json_scan_fault fault;
    assert(problem->status == 400 || problem->status == 413 || problem->status == 422);
    assert(problem->detail[0] && (problem->status == 422) == (problem->error_count > 0));
    buf_init(&out, 64 * 1024);
    assert(problem_json(problem, &out) == ERR_NONE);
    assert(json_scan(out.data, out.len, 100, &fault) == JSON_SCAN_OK);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fetch_batch batch;
    struct delivery delivery = {.format = &answer_lines};
    struct problem problem = {0};
    if (size == 0)
        return 0;
    fetch_batch_init(&batch, NULL);
    batch.options = fetch_default_options(&settings);
    const struct fetch_options_target target = {
        .settings = &settings, .batch = &batch, .options = &batch.options, .delivery = &delivery, .problem = &problem};
    enum batch_format format = data[0] == '\n'  ? BATCH_FORMAT_JSON_LINES
                               : data[0] == '#' ? BATCH_FORMAT_TEXT
                                                : BATCH_FORMAT_JSON;
    char *text = fuzz_copy(data, size);
    batch_decode(format, text, size, &target);
    free(text);
    if (problem.status == 0)
        check_batch(&batch);
    else
        check_problem(&problem);
    fetch_batch_fini(&batch);
    return 0;
}
