#include "api/fetch_log.h"

#include "pool/fetch_result.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static char told[1024]; /* message, then name=value for each field */
static enum log_level told_level;
static unsigned lines;

static void append(const char *name, const char *value) {
    size_t len = strlen(told);
    (void)snprintf(told + len, sizeof told - len, " %s=%s", name, value);
}

static void remember(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    char number[32];
    lines++;
    told_level = level;
    (void)snprintf(told, sizeof told, "%s", message);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(number, sizeof number, "%lld", (long long)fields[i].number);
        append(fields[i].name, fields[i].kind == LOG_KIND_TEXT ? fields[i].text : number);
    }
}

static int begin(void **state) {
    (void)state;
    lines = 0;
    log_set_sink(remember);
    log_set_level(LOG_LEVEL_DEBUG);
    return 0;
}

static int end(void **state) {
    (void)state;
    log_set_sink(NULL);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

static const struct fetch_log asker = {.batch_id = "id", .caller = "token:a", .address = "192.0.2.1"};

static void tell(const char *url, const struct fetch_result *result) {
    fetch_log_fetch(&asker, url, 7, result);
    assert_int_equal(told_level, LOG_LEVEL_DEBUG);
}

TEST(response_is_told_with_its_status) {
    struct fetch_result result;
    fetch_result_init(&result);
    result.status = 404;
    result.size_bytes = 12;
    result.elapsed_us = 1500;
    result.timings.queue_us = 30;
    result.connection.reused = true;
    tell("https://Example.com.:8443/path?query#part", &result);
    assert_string_equal(told, "fetch done batch=id index=7 host=example.com status=404 bytes=12 elapsed=1500 waited=30 "
                              "attempts=1 redirects=0 reused=yes");
    fetch_result_fini(&result);
}

TEST(failure_is_told_with_its_code) {
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, FETCH_CONNECT_TIMEOUT, "no word of this");
    result.elapsed_us = 9;
    tell("http://[2001:DB8::1]/", &result);
    assert_string_equal(told,
                        "fetch done batch=id index=7 host=2001:db8::1 error_code=connect_timeout bytes=0 elapsed=9 "
                        "waited=0 attempts=1 redirects=0 reused=no");
    fetch_result_fini(&result);
}

TEST(what_was_never_tried_has_no_attempt) {
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, FETCH_DEADLINE, NULL);
    tell("http://a.example/", &result);
    assert_non_null(strstr(told, " error_code=deadline "));
    assert_non_null(strstr(told, " attempts=0 "));
    fetch_result_fini(&result);
}

TEST(of_a_url_only_the_host_is_told) {
    struct fetch_result result;
    fetch_result_init(&result);
    fetch_result_fail(&result, FETCH_INVALID_URL, NULL);
    tell("http://user:secret@host.example/secret?secret#secret", &result);
    assert_non_null(strstr(told, " host=host.example "));
    assert_null(strstr(told, "secret"));
    tell("http://secret secret/", &result);
    assert_null(strstr(told, "host="));
    assert_null(strstr(told, "secret"));
    fetch_result_fini(&result);
}

TEST(trace_is_told_when_there_is_one) {
    struct fetch_log traced = asker;
    struct fetch_log_end batch = {.urls = 0};
    struct fetch_result result;
    fetch_result_init(&result);
    traced.trace = (struct trace){.id = "4bf92f3577b34da6a3ce929d0e0e4736", .parent = "00f067aa0ba902b7"};
    fetch_log_fetch(&traced, "http://a.example/", 0, &result);
    assert_non_null(strstr(told, "batch=id trace_id=4bf92f3577b34da6a3ce929d0e0e4736 parent_id=00f067aa0ba902b7 "));
    fetch_log_batch(&traced, &batch);
    assert_non_null(strstr(told, "batch=id trace_id=4bf92f3577b34da6a3ce929d0e0e4736 parent_id=00f067aa0ba902b7 "));
    fetch_result_fini(&result);
}

static struct fetch_log_end ended(enum fetch_error cut_short, bool unattended) {
    return (struct fetch_log_end){
        .urls = 6,
        .counts = {[ANSWER_SUCCEEDED] = 1, [ANSWER_FAILED] = 2, [ANSWER_CANCELLED] = 3},
        .body_bytes = 99,
        .elapsed_us = 5,
        .cut_short = cut_short,
        .unattended = unattended,
    };
}

TEST(batch_is_told_with_its_outcomes) {
    struct fetch_log_end batch = ended(FETCH_OK, false);
    batch.counts[ANSWER_CANCELLED] = 0;
    fetch_log_batch(&asker, &batch);
    assert_int_equal(told_level, LOG_LEVEL_INFO);
    assert_string_equal(told,
                        "batch done batch=id caller=token:a address=192.0.2.1 urls=6 succeeded=1 failed=2 cancelled=0 "
                        "bytes=99 elapsed=5 end=complete");
}

TEST(batch_tells_how_it_ended) {
    static const struct {
        enum fetch_error cut_short;
        bool unattended;
        const char *message, *end;
    } cases[] = {
        {FETCH_OK, true, "batch done without its client batch=id", " end=deadline"}, /* what is cancelled says so */
        {FETCH_DEADLINE, false, "batch done batch=id", " end=deadline"},
        {FETCH_SHUTDOWN, false, "batch done batch=id", " end=shutdown"},
        {FETCH_SHUTDOWN, true, "batch done without its client batch=id", " end=shutdown"},
        {FETCH_CANCELLED, true, "batch abandoned batch=id", " end=client_left"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fetch_log_end batch = ended(cases[i].cut_short, cases[i].unattended);
        fetch_log_batch(&asker, &batch);
        assert_int_equal(strncmp(told, cases[i].message, strlen(cases[i].message)), 0);
        assert_string_equal(told + strlen(told) - strlen(cases[i].end), cases[i].end);
    }
}

TEST(level_decides_what_is_told) {
    struct fetch_log_end batch = ended(FETCH_OK, false);
    assert_true(fetch_log_tells_fetches());
    log_set_level(LOG_LEVEL_INFO);
    assert_false(fetch_log_tells_fetches());
    log_set_level(LOG_LEVEL_WARNING);
    fetch_log_batch(&asker, &batch);
    assert_int_equal(lines, 0);
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOG_TEST(response_is_told_with_its_status),
        LOG_TEST(failure_is_told_with_its_code),
        LOG_TEST(what_was_never_tried_has_no_attempt),
        LOG_TEST(of_a_url_only_the_host_is_told),
        LOG_TEST(trace_is_told_when_there_is_one),
        LOG_TEST(batch_is_told_with_its_outcomes),
        LOG_TEST(batch_tells_how_it_ended),
        LOG_TEST(level_decides_what_is_told),
    };
    return cmocka_run_group_tests_name("fetch_log", tests, NULL, NULL);
}
