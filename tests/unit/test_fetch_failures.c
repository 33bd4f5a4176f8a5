#include "pool/fetch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define GZIP_HEAD OK "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n"
#define GZIP                                                                                                           \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01\xe3\x51\x3d\x8d\x17\x00\x00\x00"
#define GZIP_TEXT "hello hello hello hello"

enum { SHORT_MS = 15, CONNECT_MS = 60, MANY_HEADERS = 1001, LONG_HEADER_BYTES = 110 * 1024 };

static char many_headers[64 + 6 * MANY_HEADERS];
static char long_header[64 + LONG_HEADER_BYTES];

static const struct unit_route routes[] = {
    {.path = "/", .answer = OK "Content-Length: 5\r\n\r\nhello"},
    {.path = "/chunked", .answer = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"},
    {.path = "/until-close", .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .then = UNIT_THEN_CLOSE},
    {.path = "/huge", .answer = OK "Content-Length: 9000000000000\r\n\r\nh", .then = UNIT_THEN_HOLD},
    {.path = "/gzip", .answer = GZIP_HEAD GZIP, .answer_bytes = sizeof(GZIP_HEAD GZIP) - 1},
    {.path = "/not-gzip", .answer = GZIP_HEAD "this is twenty-eight bytes..", .then = UNIT_THEN_CLOSE},
    {.path = "/cut", .answer = OK "Content-Length: 100\r\n\r\nhello", .then = UNIT_THEN_CLOSE},
    {.path = "/cut-chunk", .answer = OK "Transfer-Encoding: chunked\r\n\r\n64\r\nhello", .then = UNIT_THEN_CLOSE},
    {.path = "/cut-header", .answer = OK "Content-Le", .then = UNIT_THEN_CLOSE},
    {.path = "/cut-between", .answer = OK "Server: x\r\n", .then = UNIT_THEN_CLOSE},
    {.path = "/nothing", .then = UNIT_THEN_CLOSE},
    {.path = "/ssh", .answer = "SSH-2.0-x\r\n", .then = UNIT_THEN_CLOSE},
    {.path = "/http9", .answer = "HTTP/9.9 200 OK\r\n\r\n", .then = UNIT_THEN_CLOSE},
    {.path = "/many-headers", .answer = many_headers, .then = UNIT_THEN_CLOSE},
    {.path = "/long-header", .answer = long_header, .then = UNIT_THEN_CLOSE},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {.path = "/stalls", .answer = OK "Content-Length: 100\r\n\r\nhello", .then = UNIT_THEN_HOLD},
    {0},
};

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct fetch_options options;
static struct fetch_result result;

static int begin_all(void **state) {
    (void)state;
    char *p = stpcpy(many_headers, OK);
    for (int i = 0; i < MANY_HEADERS; i++)
        p = stpcpy(p, "a: b\r\n");
    (void)stpcpy(p, "\r\n");
    p = stpcpy(long_header, OK "X-Long: ");
    memset(p, 'x', LONG_HEADER_BYTES);
    (void)stpcpy(p + LONG_HEADER_BYTES, "\r\n\r\n");
    unit_fetcher_create(&fetcher);
    return 0;
}

static int end_all(void **state) {
    (void)state;
    unit_fetcher_destroy(&fetcher);
    return 0;
}

static int begin(void **state) {
    (void)state;
    unit_origin_start(&origin, routes);
    options = unit_fetcher_options(&fetcher);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&origin);
    return 0;
}

static void fetch(const char *path) {
    unit_fetcher_fetch(&fetcher, unit_origin_url(&origin, path), &options, &result);
}

static void assert_failed(enum fetch_error error) {
    assert_string_equal(fetch_error_name(result.error), fetch_error_name(error));
    assert_true(strlen(result.error_text) > 0);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size_bytes, 0);
}

static void assert_fails(const char *path, enum fetch_error error) {
    fetch(path);
    assert_failed(error);
}

static void assert_url_fails(enum fetch_error error, const char *format, int port) {
    char url[64];
    (void)snprintf(url, sizeof url, format, port);
    unit_fetcher_fetch(&fetcher, url, &options, &result);
    assert_failed(error);
}

static void assert_size(size_t size_bytes) {
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.size_bytes, size_bytes);
    assert_int_equal(result.body.len, size_bytes);
}

/* ---- sizes ---- */

TEST(body_of_the_largest_size_is_taken) {
    options.max_size_bytes = 5;
    fetch("/");
    assert_size(5);
    fetch("/chunked");
    assert_size(5);
    fetch("/until-close");
    assert_size(5);
}

TEST(larger_body_is_refused) {
    options.max_size_bytes = 4;
    assert_fails("/", FETCH_TOO_LARGE);
    assert_fails("/chunked", FETCH_TOO_LARGE);
    assert_fails("/until-close", FETCH_TOO_LARGE);
}

TEST(length_announced_too_large_is_refused_before_the_body) {
    assert_fails("/huge", FETCH_TOO_LARGE);
    thread_wait(&origin.left);
}

TEST(size_counts_after_decoding) {
    options.max_size_bytes = sizeof GZIP_TEXT - 1;
    fetch("/gzip");
    assert_size(sizeof GZIP_TEXT - 1);
    assert_memory_equal(result.body.data, GZIP_TEXT, sizeof GZIP_TEXT - 1);
    options.max_size_bytes--;
    assert_fails("/gzip", FETCH_TOO_LARGE);
}

TEST(too_many_headers_are_refused) {
    assert_fails("/many-headers", FETCH_PROTOCOL);
    assert_fails("/long-header", FETCH_PROTOCOL);
}

/* ---- answers that are none ---- */

TEST(response_that_breaks_off_is_told) {
    assert_fails("/cut", FETCH_RECV);
    assert_fails("/cut-chunk", FETCH_RECV);
    assert_fails("/cut-header", FETCH_RECV);
    assert_fails("/cut-between", FETCH_RECV);
}

TEST(no_byte_at_all_is_an_empty_reply) {
    assert_fails("/nothing", FETCH_EMPTY_REPLY);
}

TEST(answer_that_is_not_http_is_told) {
    assert_fails("/ssh", FETCH_PROTOCOL);
    assert_fails("/http9", FETCH_PROTOCOL);
}

TEST(body_that_cannot_be_decoded_is_told) {
    assert_fails("/not-gzip", FETCH_DECODE);
}

TEST(server_without_tls_is_told) {
    assert_url_fails(FETCH_TLS, "https://127.0.0.1:%d/", origin.port);
}

/* ---- servers that are not there ---- */

TEST(text_that_is_no_url_is_not_fetched) {
    unit_fetcher_fetch(&fetcher, "no url", &options, &result);
    assert_failed(FETCH_INVALID_URL);
    assert_url_fails(FETCH_INVALID_URL, "http://user@127.0.0.1:%d/", origin.port);
    assert_url_fails(FETCH_UNSUPPORTED_SCHEME, "ftp://127.0.0.1:%d/", origin.port);
    assert_int_equal(unit_origin_connections(&origin), 0);
}

TEST(refused_address_is_not_connected_to) {
    assert_url_fails(FETCH_BLOCKED, "http://127.0.0.2:%d/", origin.port);
    assert_url_fails(FETCH_BLOCKED, "http://0.0.0.0:%d/", origin.port);
    assert_int_equal(unit_origin_connections(&origin), 0);
}

/* Bound, and if `backlog` is not negative listening; nobody accepts. */
static int open_port(int backlog, struct sockaddr_in *ret_address) {
    socklen_t len = sizeof *ret_address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)ret_address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, &len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

TEST(nobody_listening_is_no_connection) {
    struct sockaddr_in address;
    int fd = open_port(-1, &address);
    assert_url_fails(FETCH_CONNECT, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    assert_int_equal(close(fd), 0);
}

/* The queue of a socket that nobody accepts from is full after one; the system answers no one then. */
TEST(connecting_has_a_time_of_its_own) {
    struct sockaddr_in address;
    int clients[3];
    int fd = open_port(0, &address);
    for (int i = 0; i < 3; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(clients[i], (struct sockaddr *)&address, sizeof address); /* only to fill it */
    }
    options.connect_timeout_ms = CONNECT_MS;
    assert_url_fails(FETCH_CONNECT_TIMEOUT, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    assert_true(result.elapsed_us >= CONNECT_MS * 1000 - 1000);
    options.timeout_ms = SHORT_MS;
    options.connect_timeout_ms = 60 * 1000;
    assert_url_fails(FETCH_TIMEOUT, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    for (int i = 0; i < 3; i++)
        assert_int_equal(close(clients[i]), 0);
    assert_int_equal(close(fd), 0);
}

/* ---- time ---- */

static void assert_times_out(const char *path, int64_t timeout_ms) {
    options.timeout_ms = timeout_ms;
    assert_fails(path, FETCH_TIMEOUT);
    assert_true(result.elapsed_us >= timeout_ms * 1000 - 1000); /* it is counted in whole milliseconds */
    assert_memory_equal(result.error_text, "timed out after ", 16);
}

TEST(timeout_ends_the_wait_for_a_response) {
    assert_times_out("/silent", SHORT_MS);
}

TEST(timeout_ends_a_body_that_stalls) {
    assert_times_out("/stalls", SHORT_MS);
}

TEST(connect_timeout_is_over_once_connected) {
    options.connect_timeout_ms = CONNECT_MS;
    assert_times_out("/silent", 2 * CONNECT_MS);
}

static void fetch_until(const char *path, int64_t deadline_ms) {
    const struct fetch_request request = {
        .url = unit_origin_url(&origin, path), .options = &options, .deadline_ms = deadline_ms};
    fetch_url(fetcher.fetcher, &request, &result);
}

TEST(deadline_ends_the_fetch) {
    int64_t deadline_ms = clock_now_ms() + SHORT_MS;
    fetch_until("/silent", deadline_ms);
    assert_failed(FETCH_DEADLINE);
    assert_true(clock_now_ms() >= deadline_ms);
}

TEST(deadline_gone_by_lets_nothing_start) {
    fetch_until("/", clock_now_ms() - 1);
    assert_failed(FETCH_DEADLINE);
    fetch_until("/", clock_now_ms());
    assert_failed(FETCH_DEADLINE);
    assert_int_equal(unit_origin_connections(&origin), 0);
}

TEST(earlier_of_timeout_and_deadline_is_told) {
    options.timeout_ms = SHORT_MS;
    fetch_until("/silent", clock_now_ms() + 60 * 1000);
    assert_failed(FETCH_TIMEOUT);
}

/* ---- cancelling ---- */

struct call {
    struct fetch_request request;
    _Atomic(enum fetch_error) cancelled;
    sem_t done;
    pthread_t thread;
};

static void *run_call(void *arg) {
    struct call *call = arg;
    fetch_url(fetcher.fetcher, &call->request, &result);
    sem_post(&call->done);
    return NULL;
}

static void start_call(struct call *call, const char *path) {
    call->request = (struct fetch_request){
        .url = unit_origin_url(&origin, path),
        .options = &options,
        .deadline_ms = CLOCK_NEVER,
        .cancelled = &call->cancelled,
    };
    atomic_init(&call->cancelled, FETCH_OK);
    sem_init(&call->done, 0, 0);
    assert_int_equal(thread_start("fp-call", run_call, call, true, &call->thread), ERR_NONE);
}

/* A signal that comes too early is lost, as the pool knows. */
static void cancel_call(struct call *call, enum fetch_error reason) {
    atomic_store(&call->cancelled, reason);
    do
        thread_interrupt(call->thread);
    while (!thread_wait_until(&call->done, clock_now_ms() + 1));
    assert_int_equal(pthread_join(call->thread, NULL), 0);
    sem_destroy(&call->done);
    assert_failed(reason);
}

static void assert_can_be_cancelled(const char *path) {
    static const enum fetch_error reasons[] = {FETCH_CANCELLED, FETCH_SHUTDOWN, FETCH_DEADLINE};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct call call;
        start_call(&call, path);
        thread_wait(&origin.arrived);
        cancel_call(&call, reasons[i]);
        assert_true(result.elapsed_us < 900 * 1000); /* by itself libcurl looks once in a second */
        thread_wait(&origin.left);
    }
}

TEST(fetch_that_waits_can_be_cancelled) {
    assert_can_be_cancelled("/silent");
}

TEST(fetch_in_the_middle_of_a_body_can_be_cancelled) {
    assert_can_be_cancelled("/stalls");
}

TEST(cancelled_fetch_does_not_start) {
    _Atomic(enum fetch_error) cancelled = FETCH_SHUTDOWN;
    const struct fetch_request request = {
        .url = unit_origin_url(&origin, "/silent"),
        .options = &options,
        .deadline_ms = CLOCK_NEVER,
        .cancelled = &cancelled,
    };
    fetch_url(fetcher.fetcher, &request, &result);
    assert_failed(FETCH_SHUTDOWN);
    assert_int_equal(unit_origin_requests(&origin), 0);
}

TEST(signal_alone_ends_nothing) {
    struct call call;
    start_call(&call, "/silent");
    thread_wait(&origin.arrived);
    for (int i = 0; i < 5; i++) {
        thread_interrupt(call.thread);
        assert_false(thread_wait_until(&call.done, clock_now_ms() + 1));
    }
    cancel_call(&call, FETCH_CANCELLED);
}

#define FAILURE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        FAILURE_TEST(body_of_the_largest_size_is_taken),
        FAILURE_TEST(larger_body_is_refused),
        FAILURE_TEST(length_announced_too_large_is_refused_before_the_body),
        FAILURE_TEST(size_counts_after_decoding),
        FAILURE_TEST(too_many_headers_are_refused),
        FAILURE_TEST(response_that_breaks_off_is_told),
        FAILURE_TEST(no_byte_at_all_is_an_empty_reply),
        FAILURE_TEST(answer_that_is_not_http_is_told),
        FAILURE_TEST(body_that_cannot_be_decoded_is_told),
        FAILURE_TEST(server_without_tls_is_told),
        FAILURE_TEST(text_that_is_no_url_is_not_fetched),
        FAILURE_TEST(refused_address_is_not_connected_to),
        FAILURE_TEST(nobody_listening_is_no_connection),
        FAILURE_TEST(connecting_has_a_time_of_its_own),
        FAILURE_TEST(timeout_ends_the_wait_for_a_response),
        FAILURE_TEST(timeout_ends_a_body_that_stalls),
        FAILURE_TEST(connect_timeout_is_over_once_connected),
        FAILURE_TEST(deadline_ends_the_fetch),
        FAILURE_TEST(deadline_gone_by_lets_nothing_start),
        FAILURE_TEST(earlier_of_timeout_and_deadline_is_told),
        FAILURE_TEST(fetch_that_waits_can_be_cancelled),
        FAILURE_TEST(fetch_in_the_middle_of_a_body_can_be_cancelled),
        FAILURE_TEST(cancelled_fetch_does_not_start),
        FAILURE_TEST(signal_alone_ends_nothing),
    };
    return cmocka_run_group_tests_name("fetch_failures", tests, begin_all, end_all);
}
