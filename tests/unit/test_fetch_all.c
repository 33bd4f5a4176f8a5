#include "pool/fetch_batch.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_fetch_pool.h"

#include <stdatomic.h>
#include <stdio.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" body

static const struct unit_route routes[] = {
    {.path = "/a", .answer = OK("a")},
    {.path = "/b", .answer = OK("b")},
    {.path = "/c", .answer = OK("c")},
    {.path = "/slow", .answer = OK("s"), .waits = true},
    {.path = "/waking", .answer = OK("w"), .opens = true},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {.path = "/cut", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nc", .then = UNIT_THEN_CLOSE},
    {0},
};

static int begin(void **state) {
    (void)state;
    unit_fetch_pool_begin(routes);
    return 0;
}

static char urls[UNIT_FETCH_MAX_WAITING + 1][256];
static struct fetch_request requests[UNIT_FETCH_MAX_WAITING + 1];
static struct fetch_result results[UNIT_FETCH_MAX_WAITING + 1];

static enum err fetch_all_of(const char *const *paths, size_t count, size_t max_concurrent) {
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(urls[i], sizeof urls[i], "%s", unit_origin_url(&with.origin, paths[i]));
        requests[i] = (struct fetch_request){.url = urls[i], .options = &with.options, .deadline_ms = CLOCK_NEVER};
        fetch_result_init(&results[i]);
    }
    return fetch_all(with.pool, with.fetcher.fetcher, requests, count, max_concurrent, results);
}

static void drop_results(size_t count) {
    for (size_t i = 0; i < count; i++)
        fetch_result_fini(&results[i]);
}

static void assert_body(const struct fetch_result *r, char body) {
    assert_string_equal(r->error_text, "");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->body.len, 1);
    assert_int_equal(r->body.data[0], body);
}

TEST(results_stand_where_their_requests_do) {
    static const char *const paths[] = {"/a", "/b", "/c", "/none", "/b", "/cut", "/a"};
    for (size_t at_once = 1; at_once <= UNIT_FETCH_WORKERS; at_once++) {
        assert_int_equal(fetch_all_of(paths, 7, at_once), ERR_NONE);
        assert_body(&results[0], 'a');
        assert_body(&results[1], 'b');
        assert_body(&results[2], 'c');
        assert_int_equal(results[3].status, 404);
        assert_body(&results[4], 'b');
        assert_int_equal(results[5].error, FETCH_RECV);
        assert_body(&results[6], 'a');
        drop_results(7);
    }
}

/* The first is answered once the last has been. */
TEST(first_may_end_last) {
    static const char *const paths[] = {"/slow", "/a", "/b", "/waking"};
    assert_int_equal(fetch_all_of(paths, 4, 2), ERR_NONE);
    assert_body(&results[0], 's');
    assert_body(&results[1], 'a');
    assert_body(&results[2], 'b');
    assert_body(&results[3], 'w');
    drop_results(4);
}

/* Answers one at a time, each when there are as many requests as may be. */
static void *let_go(void *arg) {
    size_t at_once = *(const size_t *)arg;
    for (size_t i = 0; i < at_once; i++)
        thread_wait(&with.origin.arrived);
    for (size_t i = at_once; i < 12; i++) {
        sem_post(&with.origin.go);
        thread_wait(&with.origin.arrived);
    }
    for (size_t i = 0; i < at_once; i++)
        sem_post(&with.origin.go);
    return NULL;
}

TEST(as_many_run_at_once_as_may) {
    static const char *const paths[] = {"/slow", "/slow", "/slow", "/slow", "/slow", "/slow",
                                        "/slow", "/slow", "/slow", "/slow", "/slow", "/slow"};
    pthread_t thread;
    size_t at_once = 3;
    assert_int_equal(thread_start("fp-go", let_go, &at_once, false, &thread), ERR_NONE);
    assert_int_equal(fetch_all_of(paths, 12, at_once), ERR_NONE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(unit_origin_most_answering(&with.origin), at_once);
    for (size_t i = 0; i < 12; i++)
        assert_body(&results[i], 's');
    drop_results(12);
}

TEST(one_after_the_other_uses_one_connection) {
    static const char *const paths[] = {"/a", "/b", "/c", "/a", "/b", "/c"};
    assert_int_equal(fetch_all_of(paths, 6, 1), ERR_NONE);
    assert_int_equal(unit_origin_most_answering(&with.origin), 1);
    assert_int_equal(unit_origin_connections(&with.origin), 1);
    drop_results(6);
}

TEST(nothing_to_fetch_is_done_at_once) {
    assert_int_equal(fetch_all(with.pool, with.fetcher.fetcher, NULL, 0, 5, NULL), ERR_NONE);
    assert_int_equal(unit_origin_connections(&with.origin), 0);
}

TEST(more_than_fits_is_refused_whole) {
    const char *paths[UNIT_FETCH_MAX_WAITING + 1];
    for (size_t i = 0; i <= UNIT_FETCH_MAX_WAITING; i++)
        paths[i] = "/a";
    assert_int_equal(fetch_all_of(paths, UNIT_FETCH_MAX_WAITING + 1, 5), ERR_LIMIT);
    for (size_t i = 0; i <= UNIT_FETCH_MAX_WAITING; i++) {
        assert_int_equal(results[i].error, FETCH_OK);
        assert_int_equal(results[i].status, 0);
    }
    assert_int_equal(unit_origin_connections(&with.origin), 0);
    assert_int_equal(fetch_all_of(paths, UNIT_FETCH_MAX_WAITING, 5), ERR_NONE);
    drop_results(UNIT_FETCH_MAX_WAITING);
}

TEST(closed_pool_refuses) {
    static const char *const paths[] = {"/a"};
    pool_close(with.pool);
    assert_int_equal(fetch_all_of(paths, 1, 1), ERR_CLOSED);
    assert_int_equal(results[0].status, 0);
}

TEST(times_of_single_requests_do_not_count) {
    _Atomic(enum fetch_error) cancelled = FETCH_CANCELLED;
    struct fetch_request request = {.url = unit_origin_url(&with.origin, "/a"),
                                    .options = &with.options,
                                    .deadline_ms = clock_now_ms() - 1,
                                    .cancelled = &cancelled};
    fetch_result_init(&results[0]);
    assert_int_equal(fetch_all(with.pool, with.fetcher.fetcher, &request, 1, 1, results), ERR_NONE);
    assert_body(&results[0], 'a');
    drop_results(1);
}

static void *cancel_once_there(void *arg) {
    (void)arg;
    thread_wait(&with.origin.arrived);
    thread_wait(&with.origin.arrived);
    pool_cancel_all(with.pool, FETCH_SHUTDOWN);
    return NULL;
}

TEST(pool_that_stops_ends_all) {
    static const char *const paths[] = {"/silent", "/silent", "/a", "/a"};
    pthread_t thread;
    assert_int_equal(thread_start("fp-stop", cancel_once_there, NULL, false, &thread), ERR_NONE);
    assert_int_equal(fetch_all_of(paths, 4, 2), ERR_NONE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(results[i].error, FETCH_SHUTDOWN);
    assert_int_equal(unit_origin_requests(&with.origin), 2);
    drop_results(4);
}

#define ALL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, unit_fetch_pool_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ALL_TEST(results_stand_where_their_requests_do),
        ALL_TEST(first_may_end_last),
        ALL_TEST(as_many_run_at_once_as_may),
        ALL_TEST(one_after_the_other_uses_one_connection),
        ALL_TEST(nothing_to_fetch_is_done_at_once),
        ALL_TEST(more_than_fits_is_refused_whole),
        ALL_TEST(closed_pool_refuses),
        ALL_TEST(times_of_single_requests_do_not_count),
        ALL_TEST(pool_that_stops_ends_all),
    };
    return cmocka_run_group_tests_name("fetch_all", tests, unit_fetch_pool_begin_all, unit_fetch_pool_end_all);
}
