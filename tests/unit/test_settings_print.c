#include "config/settings_print.h"

#include "config/settings_table.h"
#include "config/settings_text.h"
#include "unit.h"
#include "unit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1024 * 1024 };

static char *taken_text(struct buf *b) {
    size_t len;
    assert_int_equal(buf_terminate(b), ERR_NONE);
    return buf_take(b, &len);
}

static char *printed(enum err (*print)(struct buf *out)) {
    struct buf b;
    buf_init(&b, MAX_BYTES);
    assert_int_equal(print(&b), ERR_NONE);
    return taken_text(&b);
}

static char *dumped(const struct settings_loader *l) {
    struct buf b;
    buf_init(&b, MAX_BYTES);
    assert_int_equal(settings_print_dump(l, &b), ERR_NONE);
    return taken_text(&b);
}

static struct settings_loader *loaded(const char *text) {
    struct settings_loader *l;
    assert_int_equal(settings_loader_create(&l), ERR_NONE);
    enum err err = settings_load_file(l, unit_file_write_text(text));
    assert_string_equal(settings_loader_error(l), "");
    assert_int_equal(err, ERR_NONE);
    return l;
}

static char *read_source(const char *path) {
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = calloc(1, MAX_BYTES);
    assert_non_null(text);
    assert_true(fread(text, 1, MAX_BYTES - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void assert_same_values(const struct settings_loader *a, const struct settings_loader *b) {
    for (size_t i = 0; i < settings_table_count; i++) {
        struct buf of_a, of_b;
        buf_init(&of_a, MAX_BYTES);
        buf_init(&of_b, MAX_BYTES);
        assert_int_equal(settings_text_value(&settings_table[i], settings_loader_values(a), &of_a), ERR_NONE);
        assert_int_equal(settings_text_value(&settings_table[i], settings_loader_values(b), &of_b), ERR_NONE);
        assert_int_equal(of_a.len, of_b.len);
        assert_int_equal(of_a.len ? memcmp(of_a.data, of_b.data, of_a.len) : 0, 0);
        buf_fini(&of_a);
        buf_fini(&of_b);
    }
}

TEST(dump_reads_back_to_the_same_values) {
    struct settings_loader *l =
        loaded("[server]\nlisten = [::1]:0, unix:/run/x y\nmax_request_bytes = 1025\nidle_timeout = 1.5\n"
               "[fetch]\nuser_agent = a;b # c = d\n[guard]\nallow = 10.0.0.0/8,fc00::/7\n"
               "[log]\nlevel = debug\nformat = json\n");
    char *dump = dumped(l);
    struct settings_loader *again = loaded(dump);
    assert_same_values(l, again);
    settings_loader_destroy(l);
    settings_loader_destroy(again);
    free(dump);
}

TEST(longest_texts_are_dumped_and_read_back) {
    char assignment[300] = "guard.allow=";
    struct settings_loader *l;
    assert_int_equal(settings_loader_create(&l), ERR_NONE);
    memset(assignment + strlen(assignment), 'x', SETTINGS_TEXT_MAX_BYTES);
    assert_int_equal(settings_load_assignment(l, assignment), ERR_NONE);
    memcpy(assignment, "fetch.ca_file=", 14); /* takes two of the x */
    assert_int_equal(settings_load_assignment(l, assignment), ERR_NONE);
    char *dump = dumped(l);
    struct settings_loader *again = loaded(dump);
    assert_same_values(l, again);
    settings_loader_destroy(l);
    settings_loader_destroy(again);
    free(dump);
}

TEST(dump_tells_help_range_default_and_source) {
    struct settings_loader *l = loaded("[pool]\nworkers = 7\n");
    assert_int_equal(settings_load_assignment(l, "log.level=error"), ERR_NONE);
    assert_int_equal(settings_load_assignment(l, "fetch.timeout_limit=20"), ERR_NONE);
    assert_int_equal(settings_load_finish(l), ERR_NONE);
    char *dump = dumped(l);
    assert_non_null(strstr(
        dump,
        "in a thread that is started on demand.\n# 1 to 10000; default: 256; takes a restart; from the settings file\n"
        "workers = 7\n"));
    assert_non_null(
        strstr(dump, "# error, warning, info or debug; default: info; from the command line\nlevel = error\n"));
    assert_non_null(strstr(dump, "# 0.001 to 86400 seconds; default: 30; lowered to fit\ntimeout = 20\n"));
    assert_non_null(strstr(dump, "# list, 0 to 1000 items; default: none\nallow =\n"));
    assert_non_null(strstr(dump, "# 1 to 100000000; default: 1000000\nqueue = 1000000\n"));
    settings_loader_destroy(l);
    free(dump);
}

/* Lines of settings begin with '#' and no blank. */
static void uncomment(char *text) {
    char *to = text;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n") + 1;
        bool setting = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
        memmove(to, line + setting, len - setting);
        to += len - setting;
        line += len;
    }
    *to = '\0';
}

TEST(sample_reads_back_to_the_defaults) {
    char *sample = printed(settings_print_sample);
    struct settings_loader *defaults;
    assert_int_equal(settings_loader_create(&defaults), ERR_NONE);
    struct settings_loader *as_it_is = loaded(sample);
    assert_same_values(defaults, as_it_is);
    uncomment(sample);
    struct settings_loader *uncommented = loaded(sample);
    assert_same_values(defaults, uncommented);
    for (size_t i = 0; i < settings_table_count; i++) {
        assert_int_equal(settings_loader_source(as_it_is, settings_table[i].name), SETTINGS_SOURCE_DEFAULT);
        assert_int_equal(settings_loader_source(uncommented, settings_table[i].name), SETTINGS_SOURCE_FILE);
    }
    settings_loader_destroy(defaults);
    settings_loader_destroy(as_it_is);
    settings_loader_destroy(uncommented);
    free(sample);
}

TEST(sample_in_the_sources_is_up_to_date) {
    char *sample = printed(settings_print_sample);
    char *checked_in = read_source(SOURCE_DIRECTORY "/config/fetchpool.conf");
    assert_string_equal(checked_in, sample); /* ./dev docs writes it */
    free(sample);
    free(checked_in);
}

TEST(manual_in_the_sources_is_up_to_date) {
    char *list = printed(settings_print_man);
    char *page = read_source(SOURCE_DIRECTORY "/config/fetchpool.conf.5");
    assert_non_null(strstr(page, list)); /* ./dev docs writes it */
    free(list);
    free(page);
}

TEST(page_in_the_sources_is_up_to_date) {
    char *page = printed(settings_print_page);
    char *checked_in = read_source(SOURCE_DIRECTORY "/docs/settings.md");
    assert_string_equal(checked_in, page); /* ./dev docs writes it */
    free(page);
    free(checked_in);
}

TEST(page_has_a_row_of_four_cells_for_every_setting) {
    char *page = printed(settings_print_page);
    size_t rows = 0;
    for (const char *line = page; *line; line += strcspn(line, "\n") + 1) {
        size_t bars = 0;
        for (size_t i = 0; i < strcspn(line, "\n"); i++)
            bars += line[i] == '|';
        assert_true(bars == 0 || bars == 5);
        rows += strncmp(line, "| `", 3) == 0;
    }
    assert_int_equal(rows, settings_table_count);
    free(page);
}

TEST(help_has_every_setting) {
    char *help = printed(settings_print_help);
    for (size_t i = 0; i < settings_table_count; i++) {
        assert_non_null(strstr(help, settings_table[i].name));
        assert_non_null(strstr(help, settings_table[i].help));
    }
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 120);
    free(help);
}

TEST(output_past_the_maximum_is_an_error) {
    for (size_t max = 0; max < 2000; max += 100) {
        struct buf b;
        buf_init(&b, max);
        assert_int_equal(settings_print_sample(&b), ERR_LIMIT);
        buf_fini(&b);
        assert_int_equal(settings_print_man(&b), ERR_LIMIT);
        buf_fini(&b);
        assert_int_equal(settings_print_page(&b), ERR_LIMIT);
        buf_fini(&b);
        assert_int_equal(settings_print_help(&b), ERR_LIMIT);
        buf_fini(&b);
    }
}

static int remove_file(void **state) {
    (void)state;
    unit_file_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_reads_back_to_the_same_values),
        cmocka_unit_test(longest_texts_are_dumped_and_read_back),
        cmocka_unit_test(dump_tells_help_range_default_and_source),
        cmocka_unit_test(sample_reads_back_to_the_defaults),
        cmocka_unit_test(sample_in_the_sources_is_up_to_date),
        cmocka_unit_test(manual_in_the_sources_is_up_to_date),
        cmocka_unit_test(page_in_the_sources_is_up_to_date),
        cmocka_unit_test(page_has_a_row_of_four_cells_for_every_setting),
        cmocka_unit_test(help_has_every_setting),
        cmocka_unit_test(output_past_the_maximum_is_an_error),
    };
    return cmocka_run_group_tests_name("settings_print", tests, NULL, remove_file);
}
