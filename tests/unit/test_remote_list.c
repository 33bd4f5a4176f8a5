#include "cli/remote_list.h"

#include "cli/command_line.h"
#include "cli/item.h"
#include "cli/output.h"
#include "unit.h"

#include <string.h>

static struct cli_options options;
static struct job job;
static struct arena arena;
static struct buf out;

static int begin(void **state) {
    (void)state;
    job = (struct job){.options = &options, .results.output = output_of(CLI_FORMAT_JSON)};
    fetch_batch_init(&job.list, NULL);
    arena_init(&arena);
    buf_init(&out, SIZE_MAX);
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_batch_fini(&job.list);
    arena_fini(&arena);
    buf_fini(&out);
    return 0;
}

/* The vector ends with NULL. */
static void say(char **argv) {
    int argc = 0;
    while (argv[argc])
        argc++;
    assert_int_equal(command_line_parse(argc, argv, &arena, &options), ERR_NONE);
}

static void add(const char *line) {
    char error[CLI_ERROR_BYTES];
    if (!item_add(&job.list, &options.values, line, strlen(line), error))
        fail_msg("%s", error);
}

static void assert_asked(const char *expected) {
    buf_clear(&out);
    assert_int_equal(remote_list_write(&job, &out), ERR_NONE);
    assert_int_equal(buf_terminate(&out), ERR_NONE);
    assert_string_equal(out.data, expected);
}

TEST(only_what_was_said_is_asked_for) {
    static char *argv[] = {"fetchpool", "-o", "json", "--server", "http://h/", "--save", "x", "-q", NULL};
    say(argv);
    assert_asked("{\"include\":[],\"urls\":[]}");
}

TEST(options_have_the_names_and_units_of_the_api) {
    static char *argv[] = {"fetchpool",
                           "--timeout=1.5",
                           "--no-redirects",
                           "--http-version=auto",
                           "--max-size=2K",
                           "-HA:1",
                           "-HAB:2",
                           "-Ha:3",
                           "-c7",
                           NULL};
    say(argv);
    assert_asked("{\"headers\":{\"A\":[\"1\"],\"AB\":[\"2\"],\"a\":[\"3\"]},\"follow_redirects\":false,"
                 "\"http_version\":\"auto\",\"max_size\":2048,\"max_concurrent\":7,\"timeout\":1.5,\"include\":[],"
                 "\"urls\":[]}");
}

TEST(an_item_says_what_is_its_own) {
    static char *argv[] = {"fetchpool", "--retries=2", NULL};
    say(argv);
    add("{\"url\":\"a\"}");
    add("{\"url\":\"b\",\"id\":\"\"}");
    add("{\"url\":\"c\",\"retries\":0,\"include\":[\"sha256\"]}");
    assert_asked("{\"retries\":2,\"include\":[],\"urls\":[\"a\",{\"url\":\"b\",\"id\":\"\"},"
                 "{\"url\":\"c\",\"retries\":0,\"include\":[\"sha256\"]}]}");
}

/* JSON has a way to write NUL in a text, but not all that read it can take it. */
TEST(a_body_with_a_nul_or_other_bytes_is_in_base64) {
    static char *argv[] = {"fetchpool", NULL};
    say(argv);
    add("{\"url\":\"a\",\"body\":\"\xC3\xBC\"}");
    add("{\"url\":\"b\",\"body_base64\":\"YQBi\"}");
    add("{\"url\":\"c\",\"body_base64\":\"/w==\"}");
    assert_asked("{\"include\":[],\"urls\":[{\"url\":\"a\",\"body\":\"\xC3\xBC\",\"include\":[]},"
                 "{\"url\":\"b\",\"body_base64\":\"YQBi\",\"include\":[]},"
                 "{\"url\":\"c\",\"body_base64\":\"/w==\",\"include\":[]}]}");
}

TEST(results_come_as_they_are_done_where_nobody_waits_for_their_order) {
    static char *argv[] = {"fetchpool", NULL};
    size_t sequence;
    say(argv);
    job.results.output = output_of(CLI_FORMAT_TABLE);
    assert_asked("{\"include\":[],\"order\":\"completion\",\"urls\":[]}");
    job.results.output = output_of(CLI_FORMAT_NDJSON);
    assert_asked("{\"include\":[],\"urls\":[]}");
    job.results.sequence = &sequence;
    assert_asked("{\"include\":[],\"order\":\"completion\",\"urls\":[]}");
}

static void write_list(void) {
    buf_fini(&out);
    buf_init(&out, SIZE_MAX);
    enum err err = remote_list_write(&job, &out);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
}

TEST(memory_that_runs_out_is_told) {
    static char *argv[] = {"fetchpool", "-HA:1", "--include=body", NULL};
    say(argv);
    add("{\"url\":\"a\"}");
    unit_fail_each_allocation(write_list);
}

#define LIST_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LIST_TEST(only_what_was_said_is_asked_for),
        LIST_TEST(options_have_the_names_and_units_of_the_api),
        LIST_TEST(an_item_says_what_is_its_own),
        LIST_TEST(a_body_with_a_nul_or_other_bytes_is_in_base64),
        LIST_TEST(results_come_as_they_are_done_where_nobody_waits_for_their_order),
        LIST_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("remote_list", tests, NULL, NULL);
}
