#include "pool/retry.h"

#include "base/clock.h"
#include "pool/retry_budget.h"
#include "unit.h"
#include "unit_fetcher.h"
#include "unit_origin.h"

#include <stdio.h>
#include <string.h>

#define STATUS(status) "HTTP/1.1 " #status " So\r\nContent-Length: 0\r\n\r\n"
#define LATER(status, when) "HTTP/1.1 " #status " So\r\nContent-Length: 0\r\nRetry-After: " when "\r\n\r\n"

enum { SAMPLES = 60, CAP_MS = 60 * 1000, MAX_PAUSE_MS = 60 * 1000, ITEM = 7 };

static const struct unit_route routes[] = {
    {.path = "/200", .answer = STATUS(200)},
    {.path = "/404", .answer = STATUS(404)},
    {.path = "/408", .answer = STATUS(408)},
    {.path = "/429", .answer = STATUS(429)},
    {.path = "/500", .answer = STATUS(500)},
    {.path = "/501", .answer = STATUS(501)},
    {.path = "/502", .answer = STATUS(502)},
    {.path = "/503", .answer = STATUS(503)},
    {.path = "/504", .answer = STATUS(504)},
    {.path = "/505", .answer = STATUS(505)},
    {.path = "/cut", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nc", .then = UNIT_THEN_CLOSE},
    {.path = "/empty", .then = UNIT_THEN_CLOSE},
    {.path = "/silent", .then = UNIT_THEN_HOLD},
    {.path = "/large", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"},
    {.path = "/later", .answer = LATER(503, "7")},
    {.path = "/later-429", .answer = LATER(429, "7")},
    {.path = "/later-500", .answer = LATER(500, "7")},
    {.path = "/huge", .answer = LATER(503, "31536000")},
    {.path = "/negative", .answer = LATER(503, "-9223372036854775807")},
    {.path = "/garbage", .answer = LATER(503, "soon")},
    {.path = "/past", .answer = LATER(503, "Wed, 21 Oct 2015 07:28:00 GMT")},
    {.path = "/future", .answer = LATER(503, "Fri, 21 Oct 2095 07:28:00 GMT")},
    {.path = "/huge-and-cut",
     .answer = "HTTP/1.1 503 So\r\nContent-Length: 9\r\nRetry-After: 31536000\r\n\r\nc",
     .then = UNIT_THEN_CLOSE},
    {.path = "/away", .answer = "HTTP/1.1 302 So\r\nContent-Length: 0\r\nRetry-After: 9\r\nLocation: /later\r\n\r\n"},
    {0},
};

static struct unit_fetcher fetcher;
static struct unit_origin origin;
static struct fetch_options options;
static struct fetch_result result;
static struct batch_next next;
static int64_t deadline_ms;

static void set_budget(int percent) {
    struct retry_budget *b = fetcher_retry_budget(fetcher.fetcher);
    retry_budget_fini(b);
    retry_budget_init(b, percent);
}

static int begin_all(void **state) {
    (void)state;
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
    options.retries = 3;
    options.retry_delay_ms = 100;
    deadline_ms = CLOCK_NEVER;
    set_budget(1000);
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    unit_origin_stop(&origin);
    return 0;
}

/* One attempt; true: that was the result. */
static bool attempt(const char *url, struct sched_again *again) {
    const struct fetch_request request = {.url = url, .options = &options, .deadline_ms = deadline_ms};
    next = (struct batch_next){0};
    bool done = retry_run(fetcher.fetcher, &request, ITEM, again, &result, &next);
    assert_int_equal(next.again != NULL, !done);
    if (!done)
        assert_int_equal(next.again->index, ITEM);
    return done;
}

static bool attempt_path(const char *path, struct sched_again *again) {
    return attempt(unit_origin_url(&origin, path), again);
}

/* Whether a first attempt is to be followed by another one. */
static bool is_retried(const char *path) {
    if (attempt_path(path, NULL))
        return false;
    retry_abandon(next.again, &result);
    return true;
}

/* ---- what is tried again ---- */

TEST(statuses_that_may_pass_are_tried_again) {
    static const char *const again[] = {"/408", "/429", "/500", "/502", "/503", "/504"};
    static const char *const final[] = {"/200", "/404", "/501", "/505"};
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
        assert_true(is_retried(again[i]));
    for (size_t i = 0; i < sizeof final / sizeof final[0]; i++)
        assert_false(is_retried(final[i]));
}

TEST(what_broke_on_the_way_is_tried_again_if_that_does_no_harm) {
    static const char *const harmless[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    static const char *const others[] = {"POST", "PATCH"};
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        options.method = harmless[i];
        assert_true(is_retried("/empty"));
        assert_int_equal(is_retried("/cut"), strcmp(options.method, "HEAD") != 0);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        options.method = others[i];
        assert_false(is_retried("/empty"));
        assert_false(is_retried("/cut"));
        assert_true(is_retried("/503"));
    }
}

TEST(without_a_connection_any_method_is_tried_again) {
    struct unit_origin gone;
    unit_origin_start(&gone, routes);
    unit_origin_stop(&gone);
    options.method = "POST";
    assert_false(attempt(unit_origin_url(&gone, "/"), NULL));
    retry_abandon(next.again, &result);
    assert_int_equal(result.attempts[0].error, FETCH_CONNECT);
}

TEST(other_errors_are_final) {
    options.max_size_bytes = 3;
    assert_false(is_retried("/large"));
    options.timeout_ms = 5;
    assert_false(is_retried("/silent"));
    assert_true(attempt("http://192.0.2.1/", NULL)); /* blocked */
    assert_true(attempt("no url", NULL));
}

TEST(attempts_end_with_the_retries) {
    options.retries = 2;
    assert_false(attempt_path("/503", NULL));
    assert_false(attempt_path("/503", next.again));
    assert_true(attempt_path("/503", next.again));
    assert_int_equal(result.status, 503);
    assert_int_equal(result.attempt_count, 3);
    assert_int_equal(result.attempts[1].given_up, FETCH_GIVEN_UP_NOT);
    assert_int_equal(result.attempts[2].given_up, FETCH_GIVEN_UP_RETRIES);
}

TEST(budget_that_is_used_up_ends_them) {
    set_budget(0);
    assert_true(attempt_path("/503", NULL));
    assert_int_equal(result.attempts[0].given_up, FETCH_GIVEN_UP_BUDGET);
    set_budget(10);
    int retried = 0;
    for (int i = 0; i < 3 * RETRY_BUDGET_FREE; i++)
        retried += is_retried("/503");
    assert_in_range(retried, RETRY_BUDGET_FREE, RETRY_BUDGET_FREE + 3);
}

/* ---- when ---- */

static int64_t sample_ms(const char *path, int attempts) {
    bool done = attempt_path(path, NULL);
    for (int i = 1; i < attempts && !done; i++)
        done = attempt_path(path, next.again);
    assert_false(done);
    int64_t now_ms = clock_now_ms();
    int64_t wait_ms = next.again_at_ms - now_ms;
    retry_abandon(next.again, &result);
    return wait_ms;
}

/* Full jitter: anything from nothing to the bound. What is measured is later than what was drawn, and rounded. */
static void assert_drawn_below(int attempts, int64_t bound_ms) {
    int low = 0, high = 0;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t wait_ms = sample_ms("/503", attempts);
        assert_true(wait_ms <= bound_ms + 1);
        low += wait_ms < bound_ms / 2;
        high += wait_ms > bound_ms / 2;
    }
    assert_true(low > 0 && high > 0);
}

TEST(bound_of_the_delay_doubles) {
    options.retries = 10;
    options.retry_delay_ms = 10000;
    assert_drawn_below(1, 10000);
    assert_drawn_below(2, 20000);
}

TEST(bound_of_the_delay_ends_at_a_minute) {
    options.retries = 10;
    options.retry_delay_ms = 45000;
    assert_drawn_below(2, CAP_MS);
    options.retry_delay_ms = 2 * CAP_MS; /* asked for: it is kept */
    assert_drawn_below(1, 2 * CAP_MS);
    assert_drawn_below(3, 2 * CAP_MS);
}

static void assert_pause(const char *path, int64_t pause_ms, bool retried) {
    int64_t before_ms = clock_now_ms();
    assert_int_equal(is_retried(path), retried);
    int64_t after_ms = clock_now_ms() + 1;
    if (pause_ms == 0) {
        assert_int_equal(next.pause_until_ms, 0);
        return;
    }
    assert_string_equal(next.host, "127.0.0.1");
    assert_true(next.pause_until_ms >= before_ms + pause_ms && next.pause_until_ms <= after_ms + pause_ms);
    if (retried)
        assert_true(next.again_at_ms >= next.pause_until_ms);
}

TEST(host_that_asks_for_it_is_left_in_peace) {
    assert_pause("/later", 7000, true);
    assert_pause("/later-429", 7000, true);
    assert_pause("/away", 7000, true);
    assert_pause("/later-500", 0, true);
    options.retries = 0;
    assert_pause("/later", 7000, false);
}

TEST(pause_is_bounded_and_nonsense_is_none) {
    assert_pause("/huge", MAX_PAUSE_MS, true);
    assert_pause("/future", MAX_PAUSE_MS, true);
    assert_pause("/huge-and-cut", MAX_PAUSE_MS, true);
    assert_pause("/negative", 0, true);
    assert_pause("/past", 0, true);
    assert_pause("/garbage", 0, true);
}

TEST(retry_that_would_come_after_the_deadline_is_none) {
    deadline_ms = clock_now_ms() + 6000;
    assert_true(attempt_path("/later", NULL));
    assert_int_equal(result.error, FETCH_OK);
    assert_int_equal(result.status, 503);
    assert_int_equal(result.attempt_count, 1);
    assert_int_equal(result.attempts[0].given_up, FETCH_GIVEN_UP_DEADLINE);
    deadline_ms = clock_now_ms() + 60 * 1000;
    assert_true(is_retried("/later"));
}

/* ---- what is told ---- */

TEST(result_tells_all_attempts) {
    int64_t before_us = clock_now_us();
    result.timings.queue_us = 123;
    assert_false(attempt_path("/503", NULL));
    int64_t waited_from_us = clock_now_us();
    while (clock_now_us() < waited_from_us + 2000)
        continue;
    result.timings.queue_us = 99999; /* that of the first attempt is told */
    assert_false(attempt_path("/empty", next.again));
    assert_true(attempt_path("/200", next.again));
    assert_int_equal(result.attempt_count, 3);
    const struct fetch_attempt *a = result.attempts;
    assert_int_equal(a[0].status, 503);
    assert_int_equal(a[0].error, FETCH_OK);
    assert_in_range(a[0].delay_ms, 0, options.retry_delay_ms);
    assert_int_equal(a[1].error, FETCH_EMPTY_REPLY);
    assert_int_equal(a[2].status, 200);
    assert_int_equal(a[2].delay_ms, -1);
    assert_int_equal(a[2].given_up, FETCH_GIVEN_UP_NOT);
    assert_int_equal(result.timings.queue_us, 123);
    assert_true(result.elapsed_us >= a[0].elapsed_us + 2000 + a[1].elapsed_us + a[2].elapsed_us);
    assert_true(result.elapsed_us <= clock_now_us() - before_us);
}

TEST(attempts_are_told_without_retries_if_asked_for) {
    options.retries = 0;
    assert_true(attempt_path("/200", NULL));
    assert_int_equal(result.attempt_count, 0);
    options.include = FETCH_INCLUDE_ATTEMPTS;
    assert_true(attempt_path("/200", NULL));
    assert_int_equal(result.attempt_count, 1);
    assert_int_equal(result.attempts[0].status, 200);
}

TEST(abandoned_item_tells_what_was_tried) {
    assert_false(attempt_path("/503", NULL));
    fetch_result_fini(&result);
    fetch_result_fail(&result, FETCH_DEADLINE, NULL);
    retry_abandon(next.again, &result);
    assert_int_equal(result.error, FETCH_DEADLINE);
    assert_int_equal(result.attempt_count, 1);
    assert_true(result.elapsed_us >= result.attempts[0].elapsed_us);
    fetch_result_fini(&result);
    retry_abandon(NULL, &result);
    assert_int_equal(result.attempt_count, 0);
}

static void run_to_the_end(void) {
    bool done = attempt_path("/503", NULL);
    for (int i = 0; i < 2 && !done; i++)
        done = attempt_path("/503", next.again);
    if (!done)
        retry_abandon(next.again, &result);
    assert_true(result.error == FETCH_INTERNAL || (result.error == FETCH_OK && result.status == 503));
    assert_true(result.attempt_count <= 3);
}

TEST(memory_that_runs_out_loses_nothing) {
    unit_fail_each_allocation(run_to_the_end);
    assert_int_equal(result.attempt_count, 3);
}

#define RETRY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RETRY_TEST(statuses_that_may_pass_are_tried_again),
        RETRY_TEST(what_broke_on_the_way_is_tried_again_if_that_does_no_harm),
        RETRY_TEST(without_a_connection_any_method_is_tried_again),
        RETRY_TEST(other_errors_are_final),
        RETRY_TEST(attempts_end_with_the_retries),
        RETRY_TEST(budget_that_is_used_up_ends_them),
        RETRY_TEST(bound_of_the_delay_doubles),
        RETRY_TEST(bound_of_the_delay_ends_at_a_minute),
        RETRY_TEST(host_that_asks_for_it_is_left_in_peace),
        RETRY_TEST(pause_is_bounded_and_nonsense_is_none),
        RETRY_TEST(retry_that_would_come_after_the_deadline_is_none),
        RETRY_TEST(result_tells_all_attempts),
        RETRY_TEST(attempts_are_told_without_retries_if_asked_for),
        RETRY_TEST(abandoned_item_tells_what_was_tried),
        RETRY_TEST(memory_that_runs_out_loses_nothing),
    };
    return cmocka_run_group_tests_name("retry", tests, begin_all, end_all);
}
