#include "daemon/options.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 16 };

static struct options o;

/* Words are separated by single blanks. getopt changes the order of the vector. */
static enum err parse(const char *line) {
    static char words[500];
    char *argv[MAX_WORDS + 1] = {words};
    int argc = 0;
    assert_true(strlen(line) < sizeof words);
    memcpy(words, line, strlen(line) + 1);
    for (char *at = words; at; argc++) {
        assert_true(argc < MAX_WORDS);
        argv[argc] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    argv[argc] = NULL;
    return options_parse(argc, argv, &o);
}

static int end(void **state) {
    (void)state;
    options_fini(&o);
    return 0;
}

static void assert_refused(const char *line, const char *error) {
    assert_int_equal(parse(line), ERR_INVALID);
    assert_string_equal(o.error, error);
    options_fini(&o);
}

static void assert_action(const char *line, enum options_action action) {
    assert_int_equal(parse(line), ERR_NONE);
    assert_int_equal(o.action, action);
    options_fini(&o);
}

TEST(without_options_the_daemon_runs_on_defaults) {
    assert_int_equal(parse("fetchpoold"), ERR_NONE);
    assert_int_equal(o.action, OPTIONS_ACTION_RUN);
    assert_null(o.config_path);
    assert_int_equal(o.assignment_count, 0);
}

TEST(assignments_keep_their_order) {
    assert_int_equal(parse("fetchpoold --set a.b=c --listen [::1]:0 --config f.conf --set=d.e= --listen=unix:/x"),
                     ERR_NONE);
    assert_string_equal(o.config_path, "f.conf");
    assert_int_equal(o.assignment_count, 4);
    assert_string_equal(o.assignments[0], "a.b=c");
    assert_string_equal(o.assignments[1], "server.listen=[::1]:0");
    assert_string_equal(o.assignments[2], "d.e=");
    assert_string_equal(o.assignments[3], "server.listen=unix:/x");
}

TEST(actions_are_told_apart) {
    assert_action("fetchpoold --check", OPTIONS_ACTION_CHECK);
    assert_action("fetchpoold --check --check", OPTIONS_ACTION_CHECK);
    assert_action("fetchpoold --dump", OPTIONS_ACTION_DUMP);
    assert_action("fetchpoold --version", OPTIONS_ACTION_VERSION);
    assert_action("fetchpoold --health", OPTIONS_ACTION_HEALTH);
    assert_action("fetchpoold --help", OPTIONS_ACTION_HELP);
}

TEST(help_and_version_win_over_the_rest) {
    assert_action("fetchpoold --help --check --dump", OPTIONS_ACTION_HELP);
    assert_action("fetchpoold --dump --version", OPTIONS_ACTION_VERSION);
}

TEST(wrong_options_are_refused_with_a_hint) {
    assert_refused("fetchpoold --nonsense", "no such option: --nonsense; try fetchpoold --help");
    assert_refused("fetchpoold --check -x --dump", "no such option: -x; try fetchpoold --help");
    assert_refused("fetchpoold --config", "--config needs a value; try fetchpoold --help");
    assert_refused("fetchpoold --check=yes", "--check takes no value; try fetchpoold --help");
    assert_refused("fetchpoold http://example.com/", "\"http://example.com/\" is not an option; try fetchpoold --help");
    assert_refused("fetchpoold --check --dump",
                   "--check, --dump and --health exclude each other; try fetchpoold --help");
    assert_refused("fetchpoold --health --check",
                   "--check, --dump and --health exclude each other; try fetchpoold --help");
    assert_refused("fetchpoold --a\x1b[0m", "no such option: --a?[0m; try fetchpoold --help");
}

TEST(error_after_assignments_leaks_nothing) {
    assert_int_equal(parse("fetchpoold --set a.b=c --nonsense"), ERR_INVALID);
}

TEST(parsing_twice_starts_from_the_beginning) {
    assert_action("fetchpoold --check", OPTIONS_ACTION_CHECK);
    assert_action("fetchpoold --dump", OPTIONS_ACTION_DUMP);
}

TEST(help_names_every_option_and_the_settings) {
    struct buf b;
    buf_init(&b, 100000);
    assert_int_equal(options_print_help(&b), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    static const char *const names[] = {"--config", "--listen",  "--set",  "--check",     "--dump",
                                        "--health", "--version", "--help", "pool.workers"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(strstr(b.data, names[i]));
    buf_fini(&b);
}

static void parse_some(void) {
    enum err err = parse("fetchpoold --set a.b=c --listen x:1");
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    options_fini(&o);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(parse_some);
}

#define OPTIONS_TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        OPTIONS_TEST(without_options_the_daemon_runs_on_defaults),
        OPTIONS_TEST(assignments_keep_their_order),
        OPTIONS_TEST(actions_are_told_apart),
        OPTIONS_TEST(help_and_version_win_over_the_rest),
        OPTIONS_TEST(wrong_options_are_refused_with_a_hint),
        OPTIONS_TEST(error_after_assignments_leaks_nothing),
        OPTIONS_TEST(parsing_twice_starts_from_the_beginning),
        OPTIONS_TEST(help_names_every_option_and_the_settings),
        OPTIONS_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
