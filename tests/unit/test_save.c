#include "cli/save.h"

#include "unit.h"
#include "unit_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/fetchpool-unit-XXXXXX";
static struct fetch_item items[] = {{.url = "http://h/a"}, {.url = "http://h/a"}, {.url = "http://h/a-2"}};
static const struct fetch_batch list = {.items = items, .count = sizeof items / sizeof items[0]};
static struct save *save;

static int begin_all(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end_all(void **state) {
    (void)state;
    return rmdir(folder); /* nothing is left in it */
}

static int end(void **state) {
    (void)state;
    save_destroy(save);
    save = NULL;
    unit_file_remove();
    return 0;
}

static const char *in_folder(const char *name) {
    static char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void save_text(size_t index, const char *text) {
    struct buf body;
    buf_init(&body, SIZE_MAX);
    assert_int_equal(buf_append_text(&body, text), ERR_NONE);
    assert_int_equal(save_body(save, index, &body), ERR_NONE);
    buf_fini(&body);
}

static void assert_holds(const char *path, const char *text) {
    char bytes[100] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes - 1, file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(bytes, text);
}

static void open_folder(void) {
    assert_int_equal(save_create(folder, &list, &save), ERR_NONE);
}

TEST(each_item_has_a_name_of_its_own) {
    open_folder();
    assert_string_equal(save_name(save, 0), "h_a");
    assert_string_equal(save_name(save, 1), "h_a-2");
    assert_string_equal(save_name(save, 2), "h_a-2-2");
}

static char *part_name(size_t index) {
    static char name[64];
    (void)snprintf(name, sizeof name, ".fetchpool-%d-%zu", (int)getpid(), index);
    return name;
}

/* Of a process that had our number and died, or of somebody who guessed it. */
TEST(what_stands_where_a_part_goes_is_replaced_and_not_followed) {
    const char *outside = unit_file_write_text("untouched");
    open_folder();
    assert_int_equal(symlink(outside, in_folder(part_name(0))), 0);
    save_text(0, "new");
    assert_holds(in_folder("h_a"), "new");
    assert_holds(outside, "untouched");
    struct stat status;
    assert_int_equal(lstat(in_folder(part_name(0)), &status), -1);
    assert_int_equal(unlink(in_folder("h_a")), 0);
}

TEST(a_part_that_cannot_be_replaced_is_told) {
    struct buf body;
    buf_init(&body, SIZE_MAX);
    open_folder();
    assert_int_equal(mkdir(in_folder(part_name(1)), 0700), 0);
    assert_int_equal(save_body(save, 1, &body), ERR_IO);
    assert_true(errno == EISDIR || errno == EPERM);
    assert_int_equal(rmdir(in_folder(part_name(1))), 0);
}

static void create(void) {
    enum err err = save_create(folder, &list, &save);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    if (!err)
        save_destroy(save);
    save = NULL;
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(create);
}

#define SAVE_TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SAVE_TEST(each_item_has_a_name_of_its_own),
        SAVE_TEST(what_stands_where_a_part_goes_is_replaced_and_not_followed),
        SAVE_TEST(a_part_that_cannot_be_replaced_is_told),
        SAVE_TEST(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("save", tests, begin_all, end_all);
}
