/* What one transfer leaves on its handle for the next. */
#include "pool/fetcher_stats.h"
#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <string.h>

static const struct unit_route routes[] = {
    {.path = "/", .answer = "HTTP/1.1 204 No Content\r\n\r\n"},
    {.path = "/cut", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", .then = UNIT_THEN_CLOSE},
    {0},
};

static const char *const headers[] = {"X-One: 1", "User-Agent: mine/2", "Accept: a/b"};

static const struct shape {
    const char *method;
    const char *body;
    size_t header_count;
    bool raw; /* not to be decoded */
} shapes[] = {
    {"GET", NULL, 0, false}, {"HEAD", NULL, 0, false},   {"POST", "body", 0, false}, {"POST", NULL, 3, false},
    {"PUT", NULL, 0, false}, {"DELETE", "b", 0, false},  {"DELETE", NULL, 0, false}, {"GET", NULL, 3, false},
    {"GET", NULL, 0, true},  {"OPTIONS", NULL, 1, true},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct fetch_result result;

static int begin(void **state) {
    (void)state;
    unit_fetcher_create(&fetcher);
    unit_origin_start(&origin, routes);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&origin);
    unit_fetcher_destroy(&fetcher);
    return 0;
}

/* The text of the request as it came. */
static const char *send_shape(const struct shape *shape, const char *path) {
    struct fetch_options options = unit_fetcher_options(&fetcher);
    options.method = shape->method;
    options.body = shape->body;
    options.body_bytes = shape->body ? strlen(shape->body) : 0;
    options.headers = headers;
    options.header_count = shape->header_count;
    options.decompress = !shape->raw;
    unit_fetcher_fetch(&fetcher, unit_origin_url(&origin, path), &options, &result);
    return unit_origin_request(&origin, unit_origin_requests(&origin) - 1);
}

TEST(request_does_not_depend_on_the_one_before) {
    const char *alone[SHAPES];
    for (size_t i = 0; i < SHAPES; i++) {
        (void)send_shape(&shapes[0], "/cut"); /* nothing survives a failure */
        assert_int_equal(result.error, FETCH_RECV);
        alone[i] = send_shape(&shapes[i], "/");
        assert_int_equal(result.status, 204);
    }
    for (size_t i = 0; i < SHAPES * SHAPES; i++) {
        assert_string_equal(send_shape(&shapes[i % SHAPES], "/"), alone[i % SHAPES]);
        assert_string_equal(send_shape(&shapes[i / SHAPES], "/"), alone[i / SHAPES]);
        assert_true(result.connection.reused);
    }
}

TEST(use_of_connections_is_counted) {
    struct fetcher_stats stats;
    for (int i = 0; i < 3; i++)
        (void)send_shape(&shapes[0], "/");
    fetcher_read_stats(fetcher.fetcher, &stats);
    assert_int_equal(stats.handles.opened, 1);
    assert_int_equal(stats.handles.reused, 2);
    (void)send_shape(&shapes[0], "/cut");
    (void)send_shape(&shapes[0], "/");
    fetcher_read_stats(fetcher.fetcher, &stats);
    assert_int_equal(stats.handles.opened, 2);
    assert_int_equal(stats.handles.reused, 3);
    assert_int_equal(stats.handles.idle, 1);
    assert_int_equal(stats.handles.in_use, 0);
}

static uint64_t count_of(const struct stats_spread *s) {
    uint64_t count = 0;
    for (size_t i = 0; i <= STATS_BOUNDS; i++)
        count += s->counts[i];
    return count;
}

/* What the origin has seen is what was sent, and what it has answered is what came, a body that was cut included. */
TEST(phases_and_bytes_are_counted) {
    struct fetcher_stats before, stats;
    fetcher_read_stats(fetcher.fetcher, &before);
    size_t sent = 0, came = 0;
    for (size_t i = 0; i < SHAPES; i++) {
        sent += strlen(send_shape(&shapes[i], "/"));
        came += strlen(routes[0].answer);
    }
    sent += strlen(send_shape(&shapes[0], "/cut"));
    came += strlen(routes[1].answer);
    fetcher_read_stats(fetcher.fetcher, &stats);
    const struct stats_totals *now = &stats.fetches;
    assert_int_equal(now->sent_bytes - before.fetches.sent_bytes, sent);
    assert_int_equal(now->received_bytes - before.fetches.received_bytes, came);
    assert_int_equal(now->decoded_bytes - before.fetches.decoded_bytes, strlen("hello"));
    assert_int_equal(count_of(&now->phases[STATS_CONNECT]), stats.handles.opened);
    assert_int_equal(count_of(&now->phases[STATS_TLS]), 0);
    assert_int_equal(count_of(&now->phases[STATS_WAIT]) - count_of(&before.fetches.phases[STATS_WAIT]), SHAPES + 1);
    assert_int_equal(count_of(&now->phases[STATS_TRANSFER]), count_of(&now->phases[STATS_WAIT]));
    assert_int_equal(count_of(&now->phases[STATS_LOOKUP]), 0); /* an address is no name */
}

#define TRANSFER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TRANSFER_TEST(request_does_not_depend_on_the_one_before),
        TRANSFER_TEST(use_of_connections_is_counted),
        TRANSFER_TEST(phases_and_bytes_are_counted),
    };
    return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
