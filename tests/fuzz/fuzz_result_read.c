/* What a daemon sends, as a line and as an entry of an archive: it is refused, or it is a result that is counted, and
 * printed as JSON which reads as the same. */
#include "base/json_scan.h"
#include "cli/entry_read.h"
#include "cli/summary.h"
#include "fuzz.h"
#include "pool/result_json.h"

#include <stdlib.h>
#include <string.h>

enum {
    ALL = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY | FETCH_INCLUDE_TIMINGS | FETCH_INCLUDE_REDIRECTS |
          FETCH_INCLUDE_CONNECTION | FETCH_INCLUDE_ATTEMPTS | FETCH_INCLUDE_TLS | FETCH_INCLUDE_SHA256
};

static void print(const struct result_line *line, const struct fetch_result *result, struct buf *out) {
    static const struct fetch_item item = {.url = "u"};
    struct json_scan_fault fault;
    enum err err = result_json(out, &item, line->index, ALL, result);
    assert(!err);
    err = buf_terminate(out);
    assert(!err);
    assert(json_scan_grammar(out->data, out->len, &fault) == JSON_SCAN_OK);
}

static void count(const struct fetch_result *result) {
    struct summary s;
    enum err err = summary_init(&s, 1, true);
    assert(!err);
    summary_add(&s, 0, result);
    assert(result->error ? s.by_error[result->error] == 1 : s.by_status[result->status] == 1 && result->status >= 100);
    summary_fini(&s);
}

static void check_result(const struct result_line *line, const struct fetch_result *result) {
    struct buf text, again;
    struct result_line read_line;
    struct fetch_result read;
    count(result);
    buf_init(&text, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    fetch_result_init(&read);
    print(line, result, &text);
    enum err err = result_read(text.data, text.len, &read_line, &read);
    assert(!err && !read_line.is_end && read_line.index == line->index);
    print(&read_line, &read, &again);
    assert(strcmp(text.data, again.data) == 0);
    fetch_result_fini(&read);
    buf_fini(&text);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct result_line line;
    struct fetch_result result;
    bool is_last;
    char *text = fuzz_copy(data, size);
    fetch_result_init(&result);
    enum err err = result_read(text, size, &line, &result);
    assert(!err || err == ERR_INVALID);
    if (!err && !line.is_end)
        check_result(&line, &result);
    fetch_result_fini(&result);
    err = entry_read(text, size, &line, &result, &is_last);
    assert(!err || err == ERR_INVALID);
    assert(err || !is_last || !line.is_end);
    if (!err && is_last)
        check_result(&line, &result);
    fetch_result_fini(&result);
    free(text);
    return 0;
}
