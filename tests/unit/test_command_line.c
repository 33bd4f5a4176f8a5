#include "cli/command_line.h"
#include "unit.h"
#include "unit_file.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 16 };

static struct cli_options o;
static struct arena arena;

static int begin(void **state) {
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Words are separated by single blanks. getopt changes the order of the vector. */
static enum err parse(const char *line) {
    static char words[2000];
    static char *argv[MAX_WORDS + 1]; /* the URLs stay in it */
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
    return command_line_parse(argc, argv, &arena, &o);
}

static void assert_taken(const char *line) {
    if (parse(line))
        fail_msg("%s: %s", line, o.error);
}

static void assert_refused(const char *line, const char *error) {
    assert_int_equal(parse(line), ERR_INVALID);
    assert_string_equal(o.error, error);
}

static bool is_said(const char *field) {
    return option_table_is_set(&o.values, option_table_find_field(field));
}

TEST(without_options_nothing_is_said) {
    assert_taken("fetchpool");
    assert_int_equal(o.values.set, 0);
    assert_int_equal(o.max_concurrent, 5);
    assert_int_equal(o.url_count, 0);
    assert_int_equal(o.format, CLI_FORMAT_JSON);
}

TEST(urls_stand_between_options) {
    assert_taken("fetchpool a -c 7 b --quiet -- -c");
    assert_int_equal(o.url_count, 3);
    assert_string_equal(o.urls[0], "a");
    assert_string_equal(o.urls[2], "-c");
    assert_int_equal(o.max_concurrent, 7);
    assert_true(o.quiet);
}

TEST(numbers_are_read_in_their_units) {
    assert_taken("fetchpool --timeout 1.5 --retries=3 --max-size 10K --per-host 4 --deadline 0.001 --host-delay 0");
    assert_int_equal(o.values.fetch.timeout_ms, 1500);
    assert_int_equal(o.values.fetch.retries, 3);
    assert_int_equal(o.values.fetch.max_size_bytes, 10240);
    assert_int_equal(o.per_host, 4);
    assert_int_equal(o.deadline_ms, 1);
    assert_true(is_said("timeout") && is_said("retries") && is_said("host_delay") && !is_said("retry_delay"));
}

TEST(values_that_are_none_are_refused) {
    assert_refused("fetchpool -c 0", "--max-concurrent must be a whole number from 1 to 1000; see fetchpool --help");
    assert_refused("fetchpool -c 1.5", "--max-concurrent must be a whole number from 1 to 1000; see fetchpool --help");
    assert_refused("fetchpool --timeout 1e3",
                   "--timeout must be a number of seconds from 0.001 to 86400; see fetchpool --help");
    assert_refused("fetchpool --max-size 1Q",
                   "--max-size must be a whole number from 0 to 1099511627776; see fetchpool --help");
    assert_refused("fetchpool -o xml", "--output must be one of " CLI_FORMATS "; see fetchpool --help");
    assert_refused("fetchpool -X get",
                   "--method must be one of GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS; see fetchpool --help");
    assert_refused("fetchpool --include body,nonsense",
                   "--include must be a list out of " FETCH_INCLUDE_NAMES "; see fetchpool --help");
    assert_refused("fetchpool -H Host:x", "--header this header cannot be set; see fetchpool --help");
    assert_refused("fetchpool -H nonsense", "--header must be 'Name: value'; see fetchpool --help");
}

TEST(a_slip_is_answered_with_what_was_meant) {
    assert_refused("fetchpool --timout 3",
                   "there is no option --timout (did you mean --timeout?); see fetchpool --help");
    assert_refused("fetchpool --header=x --ouput=json", "--header must be 'Name: value'; see fetchpool --help");
    assert_refused("fetchpool --ouput=json",
                   "there is no option --ouput=json (did you mean --output?); see fetchpool --help");
    assert_refused("fetchpool --max 3",
                   "--max is ambiguous: --max-redirects, --max-size, --max-concurrent; see fetchpool --help");
    assert_refused("fetchpool --retr=3", "--retr is ambiguous: --retries, --retry-delay; see fetchpool --help");
    assert_taken("fetchpool --max-s 3");
    assert_refused("fetchpool --xyzzy", "there is no option --xyzzy; see fetchpool --help");
    assert_refused("fetchpool -z", "there is no option -z; see fetchpool --help");
    assert_refused("fetchpool -qz", "there is no option -z; see fetchpool --help");
    assert_refused("fetchpool -c", "--max-concurrent needs a value, N; see fetchpool --help");
    assert_refused("fetchpool --timeout", "--timeout needs a value, SEC; see fetchpool --help");
    assert_refused("fetchpool --quiet=1", "--quiet takes no value; see fetchpool --help");
    assert_refused("fetchpool --a\x1b[0m", "there is no option --a?[0m; see fetchpool --help");
}

TEST(headers_add_up_by_name_and_the_last_of_others_counts) {
    assert_taken("fetchpool -H A:1 -H B:2 -H A: --timeout 1 --timeout 2 --include body --include headers,timings");
    assert_int_equal(o.values.fetch.header_count, 3);
    assert_string_equal(o.values.fetch.headers[0], "A: 1");
    assert_string_equal(o.values.fetch.headers[1], "A: ");
    assert_string_equal(o.values.fetch.headers[2], "B: 2");
    assert_int_equal(o.values.fetch.timeout_ms, 2000);
    assert_int_equal(o.values.fetch.include, FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_TIMINGS);
}

TEST(a_body_makes_a_post_unless_a_method_is_said) {
    assert_taken("fetchpool -d hello");
    assert_string_equal(o.values.fetch.method, "POST");
    assert_true(is_said("method"));
    assert_int_equal(o.values.fetch.body_bytes, 5);
    assert_taken("fetchpool -X PUT -d hello");
    assert_string_equal(o.values.fetch.method, "PUT");
    assert_refused("fetchpool -X HEAD -d x",
                   "a HEAD request has no body: --data and --method exclude each other; see fetchpool --help");
}

TEST(a_body_is_read_from_a_file) {
    char line[400];
    const char *path = unit_file_write("body \xFF of a file", 16);
    (void)snprintf(line, sizeof line, "fetchpool -d @%s", path);
    assert_taken(line);
    assert_int_equal(o.values.fetch.body_bytes, 16);
    unit_file_remove();
    assert_int_equal(parse("fetchpool -d @/no/such"), ERR_IO);
    assert_string_equal(o.error, "--data /no/such: No such file or directory");
}

TEST(what_excludes_each_other_is_refused) {
    assert_refused("fetchpool -d @-", "standard input cannot be both the list and the body; see fetchpool --help");
    assert_refused("fetchpool a -i - -d @-",
                   "standard input cannot be both the list and the body; see fetchpool --help");
    assert_refused("fetchpool --order completion",
                   "--order completion is for -o ndjson: the others keep the order of the list; see fetchpool --help");
    assert_taken("fetchpool -o ndjson --order completion");
    assert_refused("fetchpool -o har --dedupe", "-o har tells of each request, so each URL needs its own: not with "
                                                "--dedupe; see fetchpool --help");
    assert_taken("fetchpool -o har");
    assert_refused("fetchpool -o csv --include body",
                   "-o csv has no column for what --include asks for; see fetchpool --help");
    assert_taken("fetchpool -o csv --save pages");
    assert_refused("fetchpool --token-file t", "--token-file is for --server; see fetchpool --help");
    assert_taken("fetchpool --token-file t --server unix:/s");
    assert_refused("fetchpool --ca-file c --server http://a",
                   "--ca-file is for a server with https://; see fetchpool --help");
    assert_refused("fetchpool --ca-file c --server a:1",
                   "--ca-file is for a server with https://; see fetchpool --help");
    assert_taken("fetchpool --ca-file c --server HTTPS://a");
    assert_taken("fetchpool --ca-file c");
    assert_refused("fetchpool \xFF", "a URL is not UTF-8 text; see fetchpool --help");
}

TEST(help_names_every_row_once) {
    struct buf b;
    char name[64];
    buf_init(&b, 100000);
    assert_int_equal(command_line_help(&b), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    for (size_t i = 0; i < option_table_count; i++) {
        (void)snprintf(name, sizeof name, " --%s ", option_table[i].name);
        const char *found = strstr(b.data, name);
        assert_non_null(found);
        assert_null(strstr(found + 1, name));
    }
    buf_fini(&b);
}

TEST(letters_and_names_are_no_ones_twice) {
    assert_true(option_table_count <= 64); /* they are bits */
    for (size_t i = 0; i < option_table_count; i++)
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(option_table[i].name, option_table[j].name);
            assert_true(option_table[i].letter == 0 || option_table[i].letter != option_table[j].letter);
        }
}

TEST(what_was_said_is_laid_over_the_defaults) {
    struct fetch_options fetch = {.method = "GET", .timeout_ms = 30000, .retries = 2, .follow_redirects = true};
    assert_taken("fetchpool --timeout 1 --no-redirects -H A:1 -X PUT -d x");
    option_table_apply(&o.values, &fetch);
    assert_int_equal(fetch.timeout_ms, 1000);
    assert_int_equal(fetch.retries, 2);
    assert_false(fetch.follow_redirects);
    assert_string_equal(fetch.method, "PUT");
    assert_int_equal(fetch.header_count, 1);
    assert_int_equal(fetch.body_bytes, 1);
}

static void parse_some(void) {
    arena_fini(&arena);
    arena_init(&arena);
    enum err err = parse("fetchpool -H A:1 -d x http://a/");
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_INVALID : ERR_NONE);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(parse_some);
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LINE_TEST(without_options_nothing_is_said),
        LINE_TEST(urls_stand_between_options),
        LINE_TEST(numbers_are_read_in_their_units),
        LINE_TEST(values_that_are_none_are_refused),
        LINE_TEST(a_slip_is_answered_with_what_was_meant),
        LINE_TEST(headers_add_up_by_name_and_the_last_of_others_counts),
        LINE_TEST(a_body_makes_a_post_unless_a_method_is_said),
        LINE_TEST(a_body_is_read_from_a_file),
        LINE_TEST(what_excludes_each_other_is_refused),
        LINE_TEST(help_names_every_row_once),
        LINE_TEST(letters_and_names_are_no_ones_twice),
        LINE_TEST(what_was_said_is_laid_over_the_defaults),
        LINE_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
