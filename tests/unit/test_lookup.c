#include "pool/lookup.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_guard.h"
#include "unit_names.h"

#include <stdio.h>
#include <string.h>

static const struct unit_record records[] = {
    {.name = "a.test", .v4 = {"127.0.0.1", "127.0.0.2"}, .ttl = 60},
    {.name = "inside.test", .v4 = {"10.0.0.1"}, .ttl = 60},
    {.name = "six.test", .v6 = {"fd00::1"}, .ttl = 60},
    {.name = "silent.test", .is_silent = true},
    {.name = NULL},
};

static struct unit_names server;
static struct names *names;
static struct fetch_result result;

static struct guard *guard;
static char told[128];

static bool allows(void *arg, struct address a) {
    (void)arg;
    return guard_allows(guard, a);
}

static uint64_t serial(void *arg) {
    (void)arg;
    return guard_serial(guard);
}

static void note(const struct fetch_refusal *r) {
    (void)snprintf(told, sizeof told, "%s %s %s", r->host, r->address, r->setting);
}

static int set_up(void **state) {
    (void)state;
    unit_names_start(&server, records);
    const struct names_options options = {
        .servers = server.servers,
        .resolv_conf = "/dev/null",
        .timeout_ms = 10 * 1000,
        .max_cached = 10,
        .allows = allows,
        .serial = serial,
    };
    fetch_result_init(&result);
    *told = '\0';
    if (guard_create(unit_guard_rules("guard.allow=127.0.0.0/8", NULL), NULL, &guard))
        return -1;
    guard_on_refusal(guard, note);
    return names_create(&options, &names) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    fetch_result_fini(&result);
    names_destroy(names);
    guard_destroy(guard);
    unit_names_stop(&server);
    return 0;
}

static struct transfer_request request_for(const char *host) {
    return (struct transfer_request){
        .host = host,
        .timeout_ms = 60 * 1000,
        .whole_timeout_ms = 60 * 1000,
        .connect_timeout_ms = 60 * 1000,
        .include = FETCH_INCLUDE_TIMINGS,
    };
}

static void assert_fails(struct transfer_request *request, enum fetch_error error, const char *text) {
    struct name_answer *answer = NULL;
    assert_false(lookup_host(names, guard, request, &result, &answer));
    assert_null(answer);
    assert_int_equal(result.error, error);
    assert_string_equal(result.error_text, text);
}

TEST(address_needs_no_lookup) {
    static const char *const hosts[] = {"127.0.0.1", "::1", "2001:db8::1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct transfer_request request = request_for(hosts[i]);
        struct name_answer *answer;
        assert_true(lookup_host(names, guard, &request, &result, &answer));
        assert_null(answer);
        assert_int_equal(request.lookup_us, 0);
    }
    assert_int_equal(unit_names_queries(&server, NULL), 0);
}

TEST(name_is_looked_up_and_the_time_noted) {
    struct transfer_request request = request_for("a.test");
    struct name_answer *answer;
    assert_true(lookup_host(names, guard, &request, &result, &answer));
    assert_string_equal(answer->addresses, "127.0.0.1,127.0.0.2");
    assert_true(request.lookup_us > 0);
    assert_int_equal(result.timings.namelookup_us, 0); /* the transfer adds it */
    name_answer_unref(answer);
}

TEST(failure_names_host_and_cause) {
    struct transfer_request none = request_for("none.test");
    struct transfer_request inside = request_for("inside.test");
    assert_fails(&none, FETCH_DNS, "the host name none.test could not be resolved: it does not exist");
    assert_true(result.timings.namelookup_us > 0);
    assert_string_equal(told, "");
    assert_fails(&inside, FETCH_BLOCKED, fetch_error_phrase(FETCH_BLOCKED));
    assert_string_equal(told, "inside.test 10.0.0.1 guard.allow=10.0.0.1");
    struct transfer_request inside_v6 = request_for("six.test");
    assert_fails(&inside_v6, FETCH_BLOCKED, fetch_error_phrase(FETCH_BLOCKED));
    assert_string_equal(told, "six.test fd00::1 guard.allow=fd00::1");
}

TEST(the_shorter_time_ends_the_lookup) {
    struct transfer_request request = request_for("silent.test");
    request.connect_timeout_ms = 1;
    assert_fails(&request, FETCH_DNS, "timed out after 0.001 s, looking up silent.test");
    request = request_for("silent.test");
    request.timeout_ms = request.whole_timeout_ms = 1;
    assert_fails(&request, FETCH_TIMEOUT, "timed out after 0.001 s, looking up silent.test");
    request.timeout_is_deadline = true;
    assert_fails(&request, FETCH_DEADLINE, fetch_error_phrase(FETCH_DEADLINE));
}

TEST(cancelled_lookup_says_why) {
    const _Atomic(enum fetch_error) cancelled = FETCH_SHUTDOWN;
    struct transfer_request request = request_for("silent.test");
    request.cancelled = &cancelled;
    assert_fails(&request, FETCH_SHUTDOWN, fetch_error_phrase(FETCH_SHUTDOWN));
}

static void list_addresses(void) {
    struct name_answer *answer = NULL;
    struct curl_slist *list = NULL;
    enum err err = name_answer_create(NAME_FOUND, "127.0.0.1,[::1]", CLOCK_NEVER, &answer);
    if (!err)
        err = lookup_addresses(answer, "a.test:443", &list);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    if (!err)
        assert_string_equal(list->data, "+a.test:443:127.0.0.1,[::1]");
    curl_slist_free_all(list);
    name_answer_unref(answer);
}

TEST(addresses_are_listed_as_libcurl_takes_them) {
    unit_fail_each_allocation(list_addresses);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SERVER(address_needs_no_lookup),      WITH_SERVER(name_is_looked_up_and_the_time_noted),
        WITH_SERVER(failure_names_host_and_cause), WITH_SERVER(the_shorter_time_ends_the_lookup),
        WITH_SERVER(cancelled_lookup_says_why),    cmocka_unit_test(addresses_are_listed_as_libcurl_takes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
