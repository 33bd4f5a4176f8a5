/* What an origin answers, raw, over a connection of the loopback: exactly one result, within its limits, and JSON. */
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/thread.h"
#include "config/settings_load.h"
#include "fuzz.h"
#include "json_twin.h"
#include "pool/digest.h"
#include "pool/fetch.h"
#include "pool/result_json.h"
#include "pool/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SIZE = 64 * 1024 };

static struct {
    int listener;
    char url[64];
    pthread_mutex_t lock; /* guards the two below */
    const uint8_t *answer;
    size_t size;
    struct fetcher *fetcher;
    const struct settings *settings;
} bench;

static void read_request(int fd) {
    char request[4096];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof request - 1 && (n = read(fd, request + len, sizeof request - 1 - len)) > 0) {
        len += (size_t)n;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n"))
            break;
    }
}

/* The fetch may have ended, and the next one begun, before all was sent. */
static uint8_t *copy_answer(size_t *ret_size) {
    pthread_mutex_lock(&bench.lock);
    uint8_t *copy = malloc(bench.size + 1);
    assert(copy);
    if (bench.size > 0)
        memcpy(copy, bench.answer, bench.size);
    *ret_size = bench.size;
    pthread_mutex_unlock(&bench.lock);
    return copy;
}

static void send_answer(int fd) {
    size_t size;
    ssize_t n;
    uint8_t *copy = copy_answer(&size);
    read_request(fd);
    for (size_t at = 0; at < size; at += (size_t)n)
        if ((n = send(fd, copy + at, size - at, MSG_NOSIGNAL)) <= 0)
            break;
    free(copy);
}

static void *serve(void *arg) {
    for (;;) {
        int fd = accept(bench.listener, NULL, NULL);
        if (fd < 0)
            return arg;
        send_answer(fd);
        (void)close(fd);
    }
}

static void set_answer(const uint8_t *data, size_t size) {
    pthread_mutex_lock(&bench.lock);
    bench.answer = data;
    bench.size = size;
    pthread_mutex_unlock(&bench.lock);
}

static void listen_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    pthread_t thread;
    bench.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(bench.listener >= 0 && bind(bench.listener, (struct sockaddr *)&address, len) == 0);
    assert(listen(bench.listener, 16) == 0);
    assert(getsockname(bench.listener, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(bench.url, sizeof bench.url, "http://127.0.0.1:%d/a/b?c", ntohs(address.sin_port));
    assert(thread_start("origin", serve, NULL, false, &thread) == ERR_NONE);
    (void)pthread_detach(thread);
}

/* It reaches 127.0.0.1 and nothing else, and asks no name server. */
static void set_up(void) {
    static struct settings_loader *loader;
    static struct timers *timers;
    char error[FETCHER_ERROR_BYTES];
    thread_init_signals();
    pthread_mutex_init(&bench.lock, NULL);
    assert(timers_create(&timers) == ERR_NONE && settings_loader_create(&loader) == ERR_NONE);
    assert(settings_load_assignment(loader, "guard.allow=127.0.0.1") == ERR_NONE);
    assert(settings_load_assignment(loader, "fetch.name_servers=127.0.0.1:1") == ERR_NONE);
    bench.settings = settings_loader_values(loader);
    assert(fetcher_create(bench.settings, timers, &bench.fetcher, error) == ERR_NONE);
    listen_somewhere();
}

static void check_location(const struct fetch_result *result) {
    const char *end = result->headers.len > 0 ? result->headers.data + result->headers.len : NULL;
    for (const char *name = result->headers.data; name && name < end;) {
        const char *value = name + strlen(name) + 1;
        char *joined;
        struct url_origin origin;
        const char *reason;
        if (strcmp(name, "location") == 0 && url_join(bench.url, value, &joined) == ERR_NONE) {
            (void)url_check(joined, &origin, &reason);
            free(joined);
        }
        name = value + strlen(value) + 1;
        assert(name <= end);
    }
}

/* The digest is of the bytes that were decoded, whole. */
static void check_digest(const struct fetch_result *result) {
    struct digest *digest;
    char text[DIGEST_TEXT_BYTES];
    if (result->error)
        return;
    assert(digest_create(&digest) == ERR_NONE);
    assert(digest_add(digest, result->body.data, result->body.len) == ERR_NONE);
    assert(digest_end(digest, text) == ERR_NONE && strcmp(text, result->sha256) == 0);
    digest_destroy(digest);
}

static void check_result(const struct fetch_result *result, unsigned include) {
    const struct fetch_item item = {.url = bench.url, .id = "id"};
    struct json_scan_fault fault;
    struct buf out;
    if (result->error)
        assert(result->error_text[0]);
    else
        assert(result->status >= 100 && result->status <= 999 && result->size_bytes <= MAX_SIZE);
    assert(result->body.len <= MAX_SIZE);
    if (result->body.len > 0 && memchr(result->body.data, '\0', result->body.len))
        include &= ~(unsigned)FETCH_INCLUDE_BODY; /* such a text is JSON, but none that the scanner takes */
    buf_init(&out, 16 << 20);
    assert(result_json(&out, &item, 0, include, result) == ERR_NONE);
    assert(json_twin_accepts(out.data, out.len));
    if (json_scan(out.data, out.len, 100000, &fault) != JSON_SCAN_OK) /* the names of headers have other limits */
        assert(strcmp(fault.reason, "a name is too long") == 0 ||
               strcmp(fault.reason, "too many names in one object") == 0);
    buf_fini(&out);
    check_location(result);
    check_digest(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!bench.fetcher)
        set_up();
    set_answer(data, size);
    struct fetch_options options = fetch_default_options(bench.settings);
    options.timeout_ms = options.connect_timeout_ms = 20 * 1000;
    options.max_size_bytes = MAX_SIZE;
    options.follow_redirects = false;
    options.include = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY | FETCH_INCLUDE_TIMINGS | FETCH_INCLUDE_CONNECTION |
                      FETCH_INCLUDE_TLS | FETCH_INCLUDE_SHA256;
    const struct fetch_request request = {.url = bench.url, .options = &options, .deadline_ms = CLOCK_NEVER};
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_url(bench.fetcher, &request, &result);
    check_result(&result, options.include);
    fetch_result_fini(&result);
    set_answer(NULL, 0);
    return 0;
}
