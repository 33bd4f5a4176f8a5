#include "api/auth_grant.h"

#include "unit.h"
#include "unit_file.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The digest of "alpha". */
#define ALPHA "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"

static struct auth *auth;
static struct auth_pass pass;
static struct auth_grant grant;
static struct auth_rates rates;
static struct problem problem;

static struct auth_policy *policy_of(const char *limits) {
    char text[300], error[TOKEN_FILE_ERROR_BYTES];
    struct auth_policy *policy;
    (void)snprintf(text, sizeof text, "a " ALPHA " %s\n", limits);
    assert_int_equal(auth_prepare(unit_file_write_text(text), true, &policy, error), ERR_NONE);
    return policy;
}

static void enter(void) {
    const struct auth_claim claim = {.value = "Bearer alpha", .count = 1};
    auth_leave(&pass);
    assert_int_equal(auth_admit(auth, &claim, TOKEN_SCOPE_FETCH, &pass, &problem), AUTH_ADMITTED);
}

static void begin_with(const char *limits) {
    assert_int_equal(auth_create(policy_of(limits), &auth), ERR_NONE);
    enter();
}

static int end(void **state) {
    (void)state;
    auth_release(&grant);
    auth_leave(&pass);
    auth_destroy(auth);
    auth = NULL;
    unit_file_remove();
    return 0;
}

static bool take(size_t urls, int64_t now_ms) {
    problem = (struct problem){0};
    rates = (struct auth_rates){0};
    return auth_take(&pass, urls, now_ms, &grant, &rates, &problem);
}

static void assert_taken(size_t urls, int64_t now_ms, const char *policy, const char *state) {
    assert_true(take(urls, now_ms));
    assert_int_equal(problem.status, 0);
    assert_string_equal(rates.policy, policy);
    assert_string_equal(rates.state, state);
}

static void assert_refused(size_t urls, int64_t now_ms, int status, int retry_after_s) {
    assert_false(take(urls, now_ms));
    assert_int_equal(problem.status, status);
    assert_int_equal(problem.retry_after_s, retry_after_s);
}

static void give_back_all(size_t urls) {
    for (size_t i = 0; i < urls; i++)
        auth_give_back(&grant);
    auth_release(&grant);
}

TEST(without_a_pass_nothing_is_counted) {
    assert_taken(1000000, 0, "", "");
    auth_give_back(&grant);
    auth_refund(&grant);
    auth_release(&grant);
}

TEST(without_limits_nothing_is_told) {
    begin_with("");
    assert_taken(1000000, 0, "", "");
    give_back_all(1000000);
}

TEST(batch_size_is_limited) {
    begin_with("max_urls=3");
    assert_taken(3, 0, "", "");
    give_back_all(3);
    assert_refused(4, 0, 413, 0);
    assert_string_equal(problem.detail, "more URLs than the caller may have in one request, which is 3");
}

TEST(minute_is_told_and_kept) {
    begin_with("urls_per_minute=60");
    assert_taken(50, 0, "\"minute\";q=60;w=60", "\"minute\";r=10;t=50");
    give_back_all(50);
    assert_refused(11, 0, 429, 1);
    assert_string_equal(problem.detail, "the caller's quota of 60 URLs per minute is used up");
    assert_string_equal(rates.state, "\"minute\";r=10;t=50");
    assert_refused(60, 0, 429, 50);
    assert_refused(61, 0, 413, 0);
    assert_taken(11, 1000, "\"minute\";q=60;w=60", "\"minute\";r=0;t=60");
    give_back_all(11);
}

TEST(flight_is_told_and_kept) {
    begin_with("max_in_flight=5");
    assert_taken(4, 0, "\"in-flight\";q=5", "\"in-flight\";r=1");
    struct auth_grant first = grant;
    grant = (struct auth_grant){0};
    assert_refused(2, 0, 429, 1);
    assert_string_equal(problem.detail, "the caller's quota of 5 URLs in flight is used up");
    assert_refused(6, 0, 413, 0);
    assert_string_equal(problem.detail, "more URLs than the caller's quota ever lets through at once, which is 5");
    auth_give_back(&first);
    assert_taken(2, 0, "\"in-flight\";q=5", "\"in-flight\";r=0");
    give_back_all(2);
    grant = first;
    give_back_all(3);
    assert_taken(5, 0, "\"in-flight\";q=5", "\"in-flight\";r=0");
    give_back_all(5);
}

TEST(refund_gives_all_back) {
    begin_with("max_in_flight=5 urls_per_minute=5");
    for (int i = 0; i < 100; i++) {
        assert_taken(5, 0, "\"minute\";q=5;w=60, \"in-flight\";q=5", "\"minute\";r=0;t=60, \"in-flight\";r=0");
        auth_refund(&grant);
        auth_release(&grant);
    }
}

TEST(rates_fit_at_their_largest) {
    begin_with("max_in_flight=1000000000 urls_per_minute=1000000000");
    assert_taken(1, 0, "\"minute\";q=1000000000;w=60, \"in-flight\";q=1000000000",
                 "\"minute\";r=999999999;t=1, \"in-flight\";r=999999999");
    give_back_all(1);
}

TEST(quota_survives_a_reload) {
    begin_with("urls_per_minute=10 max_in_flight=10");
    assert_true(take(8, 0));
    auth_apply(auth, policy_of("urls_per_minute=12 max_in_flight=9"));
    enter();
    struct auth_grant first = grant;
    grant = (struct auth_grant){0};
    assert_refused(2, 0, 429, 1); /* in flight */
    assert_refused(5, 0, 429, 5); /* per minute: 4 are left, one comes in five seconds */
    grant = first;
    give_back_all(8);
    assert_taken(4, 0, "\"minute\";q=12;w=60, \"in-flight\";q=9", "\"minute\";r=0;t=60, \"in-flight\";r=5");
    give_back_all(4);
}

TEST(grant_outlives_its_token) {
    begin_with("max_in_flight=10");
    assert_true(take(4, 0));
    auth_leave(&pass);
    struct auth_policy *empty;
    char error[TOKEN_FILE_ERROR_BYTES];
    assert_int_equal(auth_prepare("", false, &empty, error), ERR_NONE);
    auth_apply(auth, empty);
    give_back_all(4);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *take_and_give_back(void *arg) {
    struct auth_pass *own = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct auth_grant g = {0};
        struct auth_rates r = {0};
        struct problem p = {0};
        if (!auth_take(own, 3, i, &g, &r, &p))
            continue;
        auth_give_back(&g);
        auth_give_back(&g);
        auth_give_back(&g);
        auth_release(&g);
    }
    return NULL;
}

TEST(threads_leave_nothing_in_flight) {
    begin_with("max_in_flight=7");
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give_back, &pass), 0);
    for (int i = 0; i < 20; i++)
        auth_apply(auth, policy_of("max_in_flight=7"));
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_taken(7, 0, "\"in-flight\";q=7", "\"in-flight\";r=0");
    give_back_all(7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_pass_nothing_is_counted, end),
        cmocka_unit_test_teardown(without_limits_nothing_is_told, end),
        cmocka_unit_test_teardown(batch_size_is_limited, end),
        cmocka_unit_test_teardown(minute_is_told_and_kept, end),
        cmocka_unit_test_teardown(flight_is_told_and_kept, end),
        cmocka_unit_test_teardown(refund_gives_all_back, end),
        cmocka_unit_test_teardown(rates_fit_at_their_largest, end),
        cmocka_unit_test_teardown(quota_survives_a_reload, end),
        cmocka_unit_test_teardown(grant_outlives_its_token, end),
        cmocka_unit_test_teardown(threads_leave_nothing_in_flight, end),
    };
    return cmocka_run_group_tests_name("auth_grant", tests, NULL, NULL);
}
