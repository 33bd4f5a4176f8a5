#include "daemon/limits.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct settings_loader *loader;
static const struct settings *values;
static struct limits_message message;

static int begin(void **state) {
    (void)state;
    if (settings_loader_create(&loader))
        return -1;
    values = settings_loader_values(loader);
    return 0;
}

static int end(void **state) {
    (void)state;
    settings_loader_destroy(loader);
    return 0;
}

static void assign(const char *assignment) {
    assert_int_equal(settings_load_assignment(loader, assignment), ERR_NONE);
}

/* The need, by the rule in the header. */
static int64_t need(void) {
    int64_t handles = values->pool.handles > values->pool.workers ? values->pool.handles : values->pool.workers;
    return values->server.max_connections + values->pool.workers + 3 * handles + 128;
}

TEST(defaults_need_7552_descriptors) {
    assert_int_equal(need(), 7552);
    assert_int_equal(limits_fit(loader, 20000, &message), ERR_NONE);
    assert_string_equal(message.text, "");
    assert_int_equal(limits_fit(loader, 7552, &message), ERR_NONE);
    assert_string_equal(message.text, "");
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_DEFAULT);
}

TEST(defaults_are_lowered_to_any_usual_limit) {
    static const int64_t limits[] = {7551, 4096, 1024, 512};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)end(NULL);
        assert_int_equal(begin(NULL), 0);
        assert_int_equal(limits_fit(loader, limits[i], &message), ERR_NONE);
        assert_true(need() <= limits[i]);
        assert_true(need() > limits[i] - 16);
        assert_true(values->pool.workers >= 8);
    }
}

TEST(lowering_is_told_with_the_numbers) {
    assert_int_equal(limits_fit(loader, 1024, &message), ERR_NONE);
    assert_string_equal(message.text, "lowered server.max_connections to 495, pool.workers to 30, pool.handles to 123: "
                                      "the hard limit is 1024 file descriptors");
    assert_int_equal(settings_loader_source(loader, "pool.handles"), SETTINGS_SOURCE_FITTED);
}

TEST(what_was_set_is_never_lowered) {
    assign("pool.workers=64");
    assert_int_equal(limits_fit(loader, 1024, &message), ERR_NONE);
    assert_int_equal(values->pool.workers, 64);
    assert_int_equal(values->server.max_connections, 475);
    assert_int_equal(values->pool.handles, 118);
    assert_string_equal(message.text, "lowered server.max_connections to 475, pool.handles to 118: "
                                      "the hard limit is 1024 file descriptors");
}

TEST(settings_that_cannot_fit_are_refused_with_the_numbers) {
    assign("pool.workers=300");
    assert_int_equal(limits_fit(loader, 1024, &message), ERR_LIMIT);
    assert_string_equal(message.text,
                        "the settings need 7596 file descriptors and the hard limit is 1024: "
                        "server.max_connections 4096 x 1 + pool.workers 300 x 1 + pool.handles 1024 x 3 + 128; "
                        "lower them or raise the limit (ulimit -Hn)");
    assert_int_equal(values->pool.handles, 1024);
}

TEST(each_worker_has_a_handle) {
    assign("pool.workers=4096");
    assign("pool.handles=4000");
    assert_int_equal(limits_fit(loader, 20000, &message), ERR_NONE);
    assert_int_equal(values->server.max_connections, 20000 - 4096 - 3 * 4096 - 128);
    assert_int_equal(limits_fit(loader, 4 * 4096, &message), ERR_LIMIT);
}

TEST(settings_that_were_all_set_are_taken_or_refused) {
    assign("pool.workers=10");
    assign("pool.handles=0");
    assign("server.max_connections=100");
    assert_int_equal(limits_fit(loader, 268, &message), ERR_NONE);
    assert_string_equal(message.text, "");
    assert_int_equal(limits_fit(loader, 267, &message), ERR_LIMIT);
    assert_non_null(strstr(message.text, "need 268 file descriptors"));
}

TEST(too_small_a_limit_is_refused) {
    assert_int_equal(limits_fit(loader, 64, &message), ERR_LIMIT);
    assert_int_equal(limits_fit(loader, 256, &message), ERR_LIMIT);
    assert_int_equal(values->pool.workers, 256);
}

#define LIMITS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LIMITS_TEST(defaults_need_7552_descriptors),
        LIMITS_TEST(defaults_are_lowered_to_any_usual_limit),
        LIMITS_TEST(lowering_is_told_with_the_numbers),
        LIMITS_TEST(what_was_set_is_never_lowered),
        LIMITS_TEST(settings_that_cannot_fit_are_refused_with_the_numbers),
        LIMITS_TEST(each_worker_has_a_handle),
        LIMITS_TEST(settings_that_were_all_set_are_taken_or_refused),
        LIMITS_TEST(too_small_a_limit_is_refused),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
