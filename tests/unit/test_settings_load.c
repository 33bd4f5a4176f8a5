#include "config/settings_load.h"

#include "base/version.h"
#include "unit.h"
#include "unit_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings_loader *loader;
static const struct settings *values;

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

static enum err load_text(const char *text) {
    return settings_load_file(loader, unit_file_write_text(text));
}

static enum err load_variable(const char *variable) {
    char *environment[] = {(char *)(uintptr_t) "PATH=/bin", (char *)(uintptr_t)variable, NULL};
    return settings_load_environment(loader, environment);
}

static enum err assign(const char *assignment) {
    return settings_load_assignment(loader, assignment);
}

/* The error of a file has its path in front. */
static void assert_file_error(const char *text, const char *error) {
    assert_int_equal(load_text(text), ERR_INVALID);
    const char *told = settings_loader_error(loader);
    const char *path = unit_file_write_text("");
    assert_int_equal(strncmp(told, path, strlen(path)), 0);
    assert_string_equal(told + strlen(path), error);
}

static void assert_error(enum err err, const char *error) {
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(settings_loader_error(loader), error);
}

static void assert_items(const struct settings_list *list, const char *items) {
    char text[200] = "";
    for (size_t i = 0; i < list->count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", list->items[i]);
    assert_string_equal(text, items);
}

TEST(defaults_are_those_of_the_design) {
    assert_items(&values->server.listen, "127.0.0.1:8080 ");
    assert_int_equal(values->server.max_request_bytes, 16 * 1024 * 1024);
    assert_int_equal(values->server.max_urls, 100000);
    assert_int_equal(values->server.max_connections, 4096);
    assert_int_equal(values->server.idle_timeout_ms, 60000);
    assert_int_equal(values->server.drain_timeout_ms, 30000);
    assert_int_equal(values->server.answer_buffer_bytes, 4 * 1024 * 1024);
    assert_int_equal(values->pool.workers, 256);
    assert_int_equal(values->pool.queue, 1000000);
    assert_int_equal(values->pool.max_concurrent, 5);
    assert_int_equal(values->pool.max_concurrent_limit, 1000);
    assert_int_equal(values->pool.idle_timeout_ms, 30000);
    assert_int_equal(values->pool.handles, 1024);
    assert_int_equal(values->pool.handle_idle_timeout_ms, 30000);
    assert_int_equal(values->fetch.timeout_ms, 30000);
    assert_int_equal(values->fetch.timeout_limit_ms, 600000);
    assert_int_equal(values->fetch.connect_timeout_ms, 10000);
    assert_int_equal(values->fetch.max_redirects, 10);
    assert_int_equal(values->fetch.max_size_bytes, 10 * 1024 * 1024);
    assert_int_equal(values->fetch.max_size_limit_bytes, 100 * 1024 * 1024);
    assert_string_equal(values->fetch.user_agent, "fetchpool/" FETCHPOOL_VERSION);
    assert_string_equal(values->fetch.ca_file, "");
    assert_items(&values->guard.allow, "");
    assert_items(&values->guard.deny, "");
    assert_int_equal(values->log.level, LOG_LEVEL_INFO);
    assert_int_equal(values->log.format, LOG_FORMAT_LOGFMT);
    assert_int_equal(settings_load_finish(loader), ERR_NONE);
    assert_string_equal(settings_loader_error(loader), "");
}

TEST(each_source_overrides_the_one_before) {
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_DEFAULT);
    assert_int_equal(load_text("[pool]\nworkers = 1\nqueue = 1\nhandles = 1\n"), ERR_NONE);
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_FILE);
    assert_int_equal(load_variable("FETCHPOOL_POOL_WORKERS=2"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_POOL_QUEUE=2"), ERR_NONE);
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_ENVIRONMENT);
    assert_int_equal(assign("pool.workers=3"), ERR_NONE);
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_COMMAND_LINE);
    assert_int_equal(values->pool.workers, 3);
    assert_int_equal(values->pool.queue, 2);
    assert_int_equal(values->pool.handles, 1);
    assert_int_equal(values->pool.max_concurrent, 5);
}

TEST(last_assignment_wins) {
    assert_int_equal(assign("pool.workers=3"), ERR_NONE);
    assert_int_equal(assign("pool.workers=4"), ERR_NONE);
    assert_int_equal(values->pool.workers, 4);
}

TEST(list_of_a_source_replaces_and_then_adds) {
    assert_int_equal(load_text("[server]\nlisten = a:1, b:2\nlisten = unix:/c\n"), ERR_NONE);
    assert_items(&values->server.listen, "a:1 b:2 unix:/c ");
    assert_int_equal(load_variable("FETCHPOOL_SERVER_LISTEN=d:3,e:4"), ERR_NONE);
    assert_items(&values->server.listen, "d:3 e:4 ");
    assert_int_equal(assign("server.listen=f:5"), ERR_NONE);
    assert_int_equal(assign("server.listen=g:6"), ERR_NONE);
    assert_items(&values->server.listen, "f:5 g:6 ");
}

TEST(list_can_be_emptied) {
    assert_int_equal(load_text("[guard]\nallow = 10.0.0.0/8\n"), ERR_NONE);
    assert_int_equal(assign("guard.allow="), ERR_NONE);
    assert_items(&values->guard.allow, "");
    assert_int_equal(settings_load_finish(loader), ERR_NONE);
}

TEST(listen_needs_an_address) {
    assert_int_equal(assign("server.listen="), ERR_NONE);
    assert_error(settings_load_finish(loader), "command line: server.listen: must have an address at least");
}

TEST(file_errors_name_the_line) {
    assert_file_error("[pool]\n\nworkers = 0\n", ":3: pool.workers: must be 1 to 10000, not \"0\"");
    assert_file_error("[pool]\nworkers\n", ":2: must be [section] or key = value");
    assert_file_error("workers = 1\n", ":1: workers: stands before the first [section]");
    assert_file_error("[guard]\nallow = a\nallow = ,\n", ":3: guard.allow: has an empty item");
}

TEST(unknown_names_are_refused_with_a_suggestion) {
    assert_file_error("[pool]\nwokers = 1\n", ":2: pool.wokers: no such setting; did you mean pool.workers?");
    assert_file_error("[pool]\ntimeout = 1\n", ":2: pool.timeout: no such setting; did you mean fetch.timeout?");
    assert_file_error("[pool]\ncolour = red\n", ":2: pool.colour: no such setting");
    assert_file_error("[sever]\n", ":1: no such section [sever]; did you mean [server]?");
    assert_file_error("[Database]\nx = y\n", ":1: no such section [Database]");
    assert_file_error("[pool]\nworkers\x1b = 1\n", ":2: pool.workers?: no such setting; did you mean pool.workers?");
    assert_error(assign("pool.wokers=1"), "command line: pool.wokers: no such setting; did you mean pool.workers?");
    assert_error(assign("=1"), "command line: : no such setting");
    assert_error(assign("workers"), "command line: \"workers\" is not section.key=value");
}

TEST(key_given_twice_is_refused) {
    assert_file_error("[pool]\nworkers = 1\n[log]\n[pool]\nworkers = 2\n", ":5: pool.workers: given already in line 2");
}

TEST(variables_of_other_sections_are_left_alone) {
    assert_int_equal(load_variable("FETCHPOOL_IMAGE_TAG=x"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_PORT_8080_TCP=x"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_POOL=x"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_=x"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_pool_workers=x"), ERR_NONE);
    assert_int_equal(load_variable("XFETCHPOOL_POOL_WORKERS=x"), ERR_NONE);
    assert_int_equal(load_variable("FETCHPOOL_POOL_WORKERS"), ERR_NONE);
    assert_int_equal(settings_loader_source(loader, "pool.workers"), SETTINGS_SOURCE_DEFAULT);
}

TEST(environment_errors_name_the_variable) {
    assert_error(load_variable("FETCHPOOL_POOL_WORKERS=x"),
                 "environment: FETCHPOOL_POOL_WORKERS: must be a whole number, 1 to 10000, not \"x\"");
    assert_error(load_variable("FETCHPOOL_POOL_WORKRS=1"),
                 "environment: FETCHPOOL_POOL_WORKRS: no such setting; did you mean FETCHPOOL_POOL_WORKERS?");
    assert_error(load_variable("FETCHPOOL_POOL_COLOUR=1"), "environment: FETCHPOOL_POOL_COLOUR: no such setting");
}

TEST(value_may_hold_equals_signs) {
    assert_int_equal(assign("fetch.user_agent=a=b"), ERR_NONE);
    assert_string_equal(values->fetch.user_agent, "a=b");
    assert_int_equal(load_text("[fetch]\nuser_agent = c=d: e\n"), ERR_NONE);
    assert_string_equal(values->fetch.user_agent, "c=d: e");
}

TEST(missing_file_is_an_io_error) {
    assert_int_equal(settings_load_file(loader, "/nonexistent/f.conf"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(settings_loader_error(loader), "/nonexistent/f.conf: No such file or directory");
}

TEST(value_above_its_limit_is_refused) {
    assert_int_equal(load_text("[fetch]\ntimeout = 700.5\n"), ERR_NONE);
    assert_int_equal(settings_load_finish(loader), ERR_INVALID);
    assert_non_null(
        strstr(settings_loader_error(loader), ":2: fetch.timeout: 700.5 is above fetch.timeout_limit, which is 600"));
}

TEST(each_limited_value_has_its_limit) {
    static const char *const given[][2] = {
        {"pool.max_concurrent=1001", "pool.max_concurrent: 1001 is above pool.max_concurrent_limit, which is 1000"},
        {"host.max_concurrent=257", "host.max_concurrent: 257 is above host.max_concurrent_limit, which is 256"},
        {"fetch.connect_timeout=601", "fetch.connect_timeout: 601 is above fetch.timeout_limit, which is 600"},
        {"fetch.max_size=101MiB", "fetch.max_size: 101MiB is above fetch.max_size_limit, which is 100MiB"},
    };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        (void)end(NULL);
        assert_int_equal(begin(NULL), 0);
        assert_int_equal(assign(given[i][0]), ERR_NONE);
        assert_int_equal(settings_load_finish(loader), ERR_INVALID);
        assert_string_equal(settings_loader_error(loader) + strlen("command line: "), given[i][1]);
    }
}

TEST(default_follows_its_limit_down) {
    assert_int_equal(assign("fetch.timeout_limit=5"), ERR_NONE);
    assert_int_equal(assign("fetch.max_size_limit=1MiB"), ERR_NONE);
    assert_int_equal(settings_load_finish(loader), ERR_NONE);
    assert_int_equal(values->fetch.timeout_ms, 5000);
    assert_int_equal(values->fetch.connect_timeout_ms, 5000);
    assert_int_equal(values->fetch.max_size_bytes, 1024 * 1024);
    assert_int_equal(settings_loader_source(loader, "fetch.timeout"), SETTINGS_SOURCE_FITTED);
    assert_int_equal(settings_loader_source(loader, "pool.max_concurrent"), SETTINGS_SOURCE_DEFAULT);
}

TEST(fitted_default_is_lowered) {
    settings_load_fit(loader, "pool.handles", 10);
    assert_int_equal(values->pool.handles, 10);
    assert_int_equal(settings_loader_source(loader, "pool.handles"), SETTINGS_SOURCE_FITTED);
}

static const char *refuse_b(const char *text) {
    return strcmp(text, "b") == 0 ? "must be anything else" : NULL;
}

TEST(check_of_another_folder_names_the_place) {
    settings_load_check(loader, "guard.allow", refuse_b);
    assert_int_equal(load_text("[guard]\nallow = a\ndeny = b\n"), ERR_NONE);
    assert_file_error("[guard]\nallow = a\nallow = c, b\n", ":3: guard.allow: must be anything else, not \"b\"");
    assert_error(assign("guard.allow=b"), "command line: guard.allow: must be anything else, not \"b\"");
}

TEST(values_taken_out_live_on) {
    assert_int_equal(assign("pool.workers=7"), ERR_NONE);
    struct settings *taken = settings_take(loader);
    settings_loader_destroy(loader);
    loader = NULL;
    assert_int_equal(taken->pool.workers, 7);
    assert_string_equal(taken->server.listen.items[0], "127.0.0.1:8080");
    settings_destroy(taken);
    settings_destroy(NULL);
}

static const char *path_for_step;

static void load_all(void) {
    struct settings_loader *l = NULL;
    char *environment[] = {(char *)(uintptr_t) "FETCHPOOL_SERVER_LISTEN=d:3,e:4", NULL};
    enum err err = settings_loader_create(&l);
    if (!err)
        err = settings_load_file(l, path_for_step);
    if (!err)
        err = settings_load_environment(l, environment);
    if (!err)
        err = settings_load_assignment(l, "fetch.user_agent=x");
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    settings_loader_destroy(l);
}

TEST(memory_that_runs_out_is_told) {
    path_for_step = unit_file_write_text("[server]\nlisten = a:1\nlisten = b:1\n[fetch]\nca_file = /x\n");
    unit_fail_each_allocation(load_all);
}

static int remove_file(void **state) {
    (void)state;
    unit_file_remove();
    return 0;
}

#define LOAD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOAD_TEST(defaults_are_those_of_the_design),
        LOAD_TEST(each_source_overrides_the_one_before),
        LOAD_TEST(last_assignment_wins),
        LOAD_TEST(list_of_a_source_replaces_and_then_adds),
        LOAD_TEST(list_can_be_emptied),
        LOAD_TEST(listen_needs_an_address),
        LOAD_TEST(file_errors_name_the_line),
        LOAD_TEST(unknown_names_are_refused_with_a_suggestion),
        LOAD_TEST(key_given_twice_is_refused),
        LOAD_TEST(variables_of_other_sections_are_left_alone),
        LOAD_TEST(environment_errors_name_the_variable),
        LOAD_TEST(value_may_hold_equals_signs),
        LOAD_TEST(missing_file_is_an_io_error),
        LOAD_TEST(value_above_its_limit_is_refused),
        LOAD_TEST(each_limited_value_has_its_limit),
        LOAD_TEST(default_follows_its_limit_down),
        LOAD_TEST(fitted_default_is_lowered),
        LOAD_TEST(check_of_another_folder_names_the_place),
        LOAD_TEST(values_taken_out_live_on),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("settings_load", tests, NULL, remove_file);
}
