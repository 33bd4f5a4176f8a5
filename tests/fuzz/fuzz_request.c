/* What the header of a request decides, as libmicrohttpd hands it over: the first line is "METHOD path version", each
 * further one "name:value"; an empty line ends it, and what follows are query parameters, "name=value". */
#include "api/accept.h"
#include "api/batch_decode.h"
#include "api/request_check.h"
#include "api/router.h"
#include "api/site_check.h"
#include "base/json_scan.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HEADERS = 64 };

static struct {
    const char *name;
    const char *value;
} headers[MAX_HEADERS];
static size_t header_count;

typedef void each_fn(void *arg, const char *name, const char *value);

/* In the place of libmicrohttpd, see CMakeLists.txt. */
void __wrap_request_headers(const struct request *r, each_fn *each, void *arg);
const char *__wrap_request_header(const struct request *r, const char *name);
bool __wrap_request_is_plain(const struct request *r);
bool __wrap_request_is_local(const struct request *r);

void __wrap_request_headers(const struct request *r, each_fn *each, void *arg) {
    (void)r;
    for (size_t i = 0; i < header_count; i++)
        each(arg, headers[i].name, headers[i].value);
}

const char *__wrap_request_header(const struct request *r, const char *name) {
    (void)r;
    for (size_t i = 0; i < header_count; i++)
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

bool __wrap_request_is_plain(const struct request *r) {
    (void)r;
    return true;
}

bool __wrap_request_is_local(const struct request *r) {
    (void)r;
    return false;
}

static void read_headers(char **rest) {
    header_count = 0;
    for (char *line; (line = fuzz_next(rest, '\n')) && *line;) {
        char *value = line;
        (void)fuzz_next(&value, ':');
        if (header_count < MAX_HEADERS && value) {
            headers[header_count].name = line;
            headers[header_count++].value = value;
        }
    }
}

static size_t count_headers(const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < header_count; i++)
        count += strcasecmp(headers[i].name, name) == 0;
    return count;
}

/* What must hold of a header that is taken for sound. */
static void check_sound(const char *method, const char *version) {
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert(count_headers("Content-Length") + count_headers("Transfer-Encoding") <= 1);
    assert(count_headers("Host") == 1 || (count_headers("Host") == 0 && strcmp(version, "HTTP/1.0") == 0));
    assert(*method && method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0');
    for (size_t i = 0; i < header_count; i++) {
        assert(headers[i].name[0] && headers[i].name[strspn(headers[i].name, token)] == '\0');
        for (const char *c = headers[i].value; *c; c++)
            assert(((unsigned char)*c >= 0x20 || *c == '\t') && *c != 0x7F);
        if (strcasecmp(headers[i].name, "Transfer-Encoding") == 0)
            assert(strcasecmp(headers[i].value, "chunked") == 0);
    }
}

static void check_problem(const struct problem *problem) {
    struct buf out;
    struct json_scan_fault fault;
    assert(problem->status >= 400 && problem->status < 600 && problem->detail[0]);
    buf_init(&out, 64 * 1024);
    assert(problem_json(problem, &out) == ERR_NONE);
    assert(json_scan(out.data, out.len, 100, &fault) == JSON_SCAN_OK);
    buf_fini(&out);
}

/* Of a name that a page can make lead here, nothing is taken. */
static void check_site(const struct request *r) {
    static const struct settings settings;
    struct problem problem = {0};
    const char *allowed = NULL;
    const char *host = __wrap_request_header(r, "Host");
    if (!site_check_host(r, &settings, false, &problem))
        check_problem(&problem);
    else if (host)
        assert(host[0] == '[' || (host[0] >= '0' && host[0] <= '9') || strcasestr(host, "localhost") || !*host);
    problem = (struct problem){0};
    if (!site_check_origin(r, &settings, &allowed, &problem))
        check_problem(&problem);
    assert(!allowed);
}

static void check_head(const char *method, const char *path, const char *version) {
    struct request r = {.method = method, .path = path, .version = version};
    struct problem problem = {0};
    r.target_fault = request_check_target(path);
    bool chunked = false;
    if (request_check(&r, &chunked, &problem)) {
        assert(problem.status == 0);
        check_sound(method, version);
        check_site(&r);
    } else {
        check_problem(&problem);
    }
    struct problem unrouted = {0};
    if (router_find(method, path, &unrouted))
        assert(unrouted.status == 0 && path[0] == '/');
    else
        check_problem(&unrouted);
}

static void check_negotiation(void) {
    static const char *const types[] = {"application/json", "application/x-ndjson", "application/ndjson"};
    struct accept accept;
    accept_init(&accept, types, 3);
    for (size_t i = 0; i < header_count; i++) {
        enum batch_format format;
        struct problem problem = {0};
        if (strcasecmp(headers[i].name, "Accept") == 0)
            accept_read(&accept, headers[i].value);
        if (strcasecmp(headers[i].name, "Content-Type") == 0 &&
            !batch_decode_format(headers[i].value, &format, &problem))
            assert(problem.status == 415);
    }
    size_t chosen = accept_choose(&accept);
    assert(chosen < 3 || (chosen == ACCEPT_NONE && count_headers("Accept") > 0));
}

static void check_query(char *rest) {
    static const struct settings settings = {.server.max_urls = 10, .fetch.timeout_limit_ms = 1000};
    struct fetch_batch batch;
    struct delivery delivery = {.format = &answer_lines};
    struct problem problem = {0};
    fetch_batch_init(&batch, NULL);
    batch.options = fetch_default_options(&settings);
    const struct fetch_options_target target = {
        .settings = &settings, .batch = &batch, .options = &batch.options, .delivery = &delivery, .problem = &problem};
    for (char *name; (name = fuzz_next(&rest, '\n'));) {
        char *value = name;
        (void)fuzz_next(&value, '=');
        (void)fetch_options_read_query(&target, name, value ? value : "");
    }
    if (problem.status)
        check_problem(&problem);
    fetch_batch_fini(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_copy(data, size), *rest = text;
    char *line = fuzz_next(&rest, '\n');
    char *method = fuzz_next(&line, ' '), *path = fuzz_next(&line, ' ');
    read_headers(&rest);
    check_head(method, path ? path : "", line ? line : "");
    check_negotiation();
    check_query(rest);
    free(text);
    return 0;
}
