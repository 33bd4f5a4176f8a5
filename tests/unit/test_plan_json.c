#include "pool/plan_json.h"

#include "base/clock.h"
#include "pool/fetch_plan.h"
#include "pool/result_json.h"
#include "unit.h"

#include <string.h>

static const struct fetch_item item = {.url = "http://h/"};
static struct fetch_plan plan;
static struct fetch_result result;
static struct buf out;

static int begin(void **state) {
    (void)state;
    plan = (struct fetch_plan){.host.max_concurrent = 2};
    result = (struct fetch_result){.plan = &plan};
    buf_init(&out, SIZE_MAX);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&out);
    return 0;
}

static void write_plan(void) {
    struct json j;
    buf_clear(&out);
    json_begin(&j, &out);
    plan_json_put(&j, &item, RESULT_JSON_NO_INDEX, &result);
    assert_int_equal(json_end(&j), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
}

TEST(addresses_of_either_family_are_a_list_without_brackets) {
    static char some[] = "192.0.2.1,[2001:db8::1],[::],198.51.100.2", none[] = "";
    plan.addresses = some;
    write_plan();
    assert_string_equal(out.data, "{\"url\":\"http://h/\",\"plan\":\"fetch\",\"addresses\":[\"192.0.2.1\","
                                  "\"2001:db8::1\",\"::\",\"198.51.100.2\"]}");
    plan.addresses = none;
    write_plan();
    assert_non_null(strstr(out.data, "\"addresses\":[]"));
}

TEST(a_pause_tells_its_end_when_it_has_one) {
    plan.is_told = true;
    write_plan();
    assert_non_null(strstr(out.data, "\"paused\":false}"));
    plan.host.paused_until_ms = CLOCK_NEVER;
    write_plan();
    assert_non_null(strstr(out.data, "\"paused\":true,\"paused_until\":null}"));
    plan.host.paused_until_ms = clock_now_ms() + 3600000;
    write_plan();
    assert_non_null(strstr(out.data, "\"paused\":true,\"paused_until\":\"20"));
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        PLAN_TEST(addresses_of_either_family_are_a_list_without_brackets),
        PLAN_TEST(a_pause_tells_its_end_when_it_has_one),
    };
    return cmocka_run_group_tests_name("plan_json", tests, NULL, NULL);
}
