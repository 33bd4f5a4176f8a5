#include "pool/fetch_plan.h"

#include "base/clock.h"
#include "pool/fetch_batch.h"
#include "pool/result_json.h"
#include "unit.h"
#include "unit_fetcher.h"

#include <string.h>

static struct unit_fetcher fetcher;
static struct fetch_options options;
static struct fetch_result result;

static int begin_all(void **state) {
    (void)state;
    unit_fetcher_create(&fetcher);
    options = unit_fetcher_options(&fetcher);
    return 0;
}

static int end_all(void **state) {
    (void)state;
    unit_fetcher_destroy(&fetcher);
    return 0;
}

static int begin(void **state) {
    (void)state;
    fetch_result_init(&result);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_result_fini(&result);
    return 0;
}

static void plan(const char *url) {
    const struct fetch_request request = {.url = url, .options = &options, .deadline_ms = CLOCK_NEVER};
    fetch_result_fini(&result);
    fetch_plan(fetcher.fetcher, NULL, &request, &result);
}

TEST(url_is_as_it_would_be_asked_for) {
    plan("HTTP://127.0.0.1:81/a/../b?c#d");
    assert_int_equal(result.error, FETCH_OK);
    assert_string_equal(result.plan->origin, "http://127.0.0.1:81");
    assert_non_null(strstr(result.plan->url, ":81/b?c"));
    assert_null(strchr(result.plan->url, '#'));
}

TEST(address_is_its_own) {
    plan("http://127.0.0.1/");
    assert_int_equal(result.error, FETCH_OK);
    assert_string_equal(result.plan->addresses, "127.0.0.1");
    assert_string_equal(result.plan->refused, "");
    assert_false(result.plan->is_told);
}

TEST(refused_address_has_its_rule) {
    plan("http://10.1.2.3:8080/");
    assert_int_equal(result.error, FETCH_BLOCKED);
    assert_null(result.plan->addresses);
    assert_string_equal(result.plan->refused, "10.1.2.3");
    assert_non_null(strstr(result.plan->refused_rule, "10.0.0.0/8"));
}

TEST(rule_is_not_told_to_everybody) {
    const struct fetch_item item = {.url = "http://10.1.2.3/", .id = "i"};
    struct buf out;
    buf_init(&out, SIZE_MAX);
    plan(item.url);
    assert_int_equal(result_json(&out, &item, 4, FETCH_INCLUDE_BODY, &result), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data,
                        "{\"url\":\"http://10.1.2.3/\",\"index\":4,\"plan\":\"fail\","
                        "\"error\":\"the address of this host may not be fetched\",\"error_code\":\"blocked\","
                        "\"id\":\"i\",\"fetched_url\":\"http://10.1.2.3/\",\"origin\":\"http://10.1.2.3:80\"}");
    buf_fini(&out);
}

TEST(what_is_no_url_has_only_its_error) {
    plan("no url");
    assert_int_equal(result.error, FETCH_INVALID_URL);
    assert_null(result.plan->url);
    plan("ftp://h/");
    assert_int_equal(result.error, FETCH_UNSUPPORTED_SCHEME);
    plan("http://no-such.invalid/");
    assert_int_equal(result.error, FETCH_DNS);
    assert_string_equal(result.plan->origin, "http://no-such.invalid:80");
}

static void plan_one(void) {
    plan("http://127.0.0.1/a");
    if (result.error) {
        assert_int_equal(result.error, FETCH_INTERNAL);
        assert_string_equal(result.error_text, err_text(ERR_NOMEM));
    }
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(plan_one);
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        PLAN_TEST(url_is_as_it_would_be_asked_for),   PLAN_TEST(address_is_its_own),
        PLAN_TEST(refused_address_has_its_rule),      PLAN_TEST(rule_is_not_told_to_everybody),
        PLAN_TEST(what_is_no_url_has_only_its_error), PLAN_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("fetch_plan", tests, begin_all, end_all);
}
