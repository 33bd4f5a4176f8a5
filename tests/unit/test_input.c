#include "cli/input.h"

#include "cli/item.h"
#include "unit.h"
#include "unit_file.h"

#include <string.h>

static struct fetch_batch list;
static char error[CLI_ERROR_BYTES];
static bool is_csv;

static int end(void **state) {
    (void)state;
    is_csv = false;
    fetch_batch_fini(&list);
    unit_file_remove();
    return 0;
}

static enum err read_file_of(const void *bytes, size_t len) {
    struct cli_options options = {.input_count = 1};
    struct option_values values = {.fetch = {.method = "GET", .timeout_ms = 30000, .body = "of the list"},
                                   .is_csv = is_csv};
    options.inputs[0] = unit_file_write(bytes, len);
    fetch_batch_init(&list, NULL);
    return input_read(&options, &values, &list, error);
}

static void assert_read(const char *text, size_t count) {
    if (read_file_of(text, strlen(text)))
        fail_msg("%s", error);
    assert_int_equal(list.count, count);
}

static void assert_refused(const char *text, const char *why) {
    assert_int_equal(read_file_of(text, strlen(text)), ERR_INVALID);
    const char *found = strstr(error, ", line ");
    assert_non_null(found);
    assert_string_equal(found + 2, why);
    fetch_batch_fini(&list);
    fetch_batch_init(&list, NULL);
}

static const struct fetch_options *options_of(size_t index) {
    return list.items[index].options;
}

TEST(lines_are_urls_and_blank_ones_and_comments_are_not) {
    assert_read("# a list\n\nhttp://a/\n  http://b/ \t\r\n   \n#x\nhttp://c/", 3);
    assert_string_equal(list.items[0].url, "http://a/");
    assert_string_equal(list.items[1].url, "http://b/");
    assert_string_equal(list.items[2].url, "http://c/");
    assert_null(item_values(&list.items[0]));
}

TEST(byte_order_mark_is_skipped_at_the_very_start) {
    assert_read("\xEF\xBB\xBFhttp://a/\n\xEF\xBB\xBFhttp://b/\n", 2);
    assert_string_equal(list.items[0].url, "http://a/");
    assert_string_equal(list.items[1].url, "\xEF\xBB\xBFhttp://b/");
}

TEST(a_line_that_begins_with_a_brace_is_an_item) {
    assert_read("http://a/\n {\"url\":\"http://b/\",\"id\":\"\\u0062\",\"timeout\":1.5,\"method\":\"PUT\","
                "\"headers\":{\"A\":\"1\",\"B\":[\"2\",\"3\"]},\"body\":\"x\\ny\",\"follow_redirects\":false,"
                "\"include\":[\"body\"]}\n{\"url\":\"http://c/\"}\n",
                3);
    assert_string_equal(list.items[1].id, "b");
    assert_int_equal(options_of(1)->timeout_ms, 1500);
    assert_string_equal(options_of(1)->method, "PUT");
    assert_int_equal(options_of(1)->header_count, 3);
    assert_string_equal(options_of(1)->headers[2], "B: 3");
    assert_int_equal(options_of(1)->body_bytes, 3);
    assert_false(options_of(1)->follow_redirects);
    assert_int_equal(options_of(1)->include, FETCH_INCLUDE_BODY);
    assert_null(options_of(2));
}

TEST(what_an_item_does_not_say_it_has_from_the_list) {
    assert_read("{\"url\":\"http://a/\",\"retries\":2}", 1);
    assert_int_equal(options_of(0)->timeout_ms, 30000);
    assert_int_equal(options_of(0)->retries, 2);
    assert_true(option_table_is_set(item_values(&list.items[0]), option_table_find_field("retries")));
    assert_false(option_table_is_set(item_values(&list.items[0]), option_table_find_field("timeout")));
}

TEST(items_that_are_wrong_are_refused_with_their_line) {
    assert_refused("http://a/\n{\"url\":1}", "line 2: url must be a string");
    assert_refused("{}", "line 1: the item has no url");
    assert_refused("{\"url\":\"a\"", "line 1: this is not JSON: a comma or a closing brace is missing, at byte 10");
    assert_refused("{\"url\":\"a\",\"timeout\":\"1\"}",
                   "line 1: timeout must be a number of seconds from 0.001 to 86400");
    assert_refused("{\"url\":\"a\",\"retries\":11}", "line 1: retries must be a whole number from 0 to 10");
    assert_refused("{\"url\":\"a\",\"nonsense\":1}", "line 1: an item has no nonsense");
    assert_refused("{\"url\":\"a\",\"max_concurrent\":1}", "line 1: max_concurrent is an option of the whole list");
    assert_refused("{\"url\":\"a\",\"headers\":{\"Host\":\"x\"}}", "line 1: headers this header cannot be set");
    assert_refused("{\"url\":\"a\",\"headers\":{\"A\":[1]}}", "line 1: headers must be an object of name to value");
    assert_refused("{\"url\":\"a\",\"method\":\"HEAD\",\"body\":\"\"}", "line 1: a HEAD request has no body");
    assert_refused("{\"url\":\"a\",\"include\":\"body\"}", "line 1: include must be a list");
    assert_refused("{\"url\":\"a\",\"decompress\":1}", "line 1: decompress must be true or false");
    assert_refused("{\"url\":\"a\",\"url\":\"b\"}",
                   "line 1: this is not JSON: a name stands twice in one object, at byte 11");
}

TEST(an_item_has_one_body) {
    static const char both[] = "{\"url\":\"a\",\"method\":\"POST\",\"body\":\"a\",\"body_base64\":\"Yg==\"}";
    static const char turned[] = "{\"url\":\"a\",\"method\":\"POST\",\"body_base64\":\"Yg==\",\"body\":\"a\"}";
    assert_refused(both, "line 1: give either body or body_base64");
    assert_refused(turned, "line 1: give either body or body_base64");
    assert_read("{\"url\":\"a\",\"method\":\"POST\",\"body_base64\":\"Yg==\"}", 1);
    assert_int_equal(options_of(0)->body_bytes, 1);
}

TEST(an_item_cannot_ask_for_what_csv_has_no_column_for) {
    is_csv = true;
    assert_refused("{\"url\":\"a\",\"include\":[\"body\"]}", "line 1: CSV has no column for what include asks for");
    assert_read("{\"url\":\"a\",\"include\":[],\"timeout\":1}", 1);
}

TEST(what_is_no_text_is_refused) {
    assert_int_equal(read_file_of("http://a/\0b", 11), ERR_INVALID);
    assert_non_null(strstr(error, "line 1: this is not UTF-8 text"));
    fetch_batch_fini(&list);
    fetch_batch_init(&list, NULL);
    assert_refused("http://a/\nhttp://\xFF/", "line 2: this is not UTF-8 text");
}

TEST(a_file_that_is_not_there_is_told) {
    const struct cli_options options = {.inputs = {"/no/such/file"}, .input_count = 1};
    const struct option_values values = {0};
    fetch_batch_init(&list, NULL);
    assert_int_equal(input_read(&options, &values, &list, error), ERR_IO);
    assert_string_equal(error, "/no/such/file: No such file or directory");
}

TEST(arguments_come_before_files) {
    char *urls[] = {"{not json", "http://b/"};
    struct cli_options options = {.input_count = 1, .urls = urls, .url_count = 2};
    const struct option_values values = {0};
    options.inputs[0] = unit_file_write_text("http://c/\n");
    fetch_batch_init(&list, NULL);
    assert_int_equal(input_read(&options, &values, &list, error), ERR_NONE);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].url, "{not json");
    assert_string_equal(list.items[2].url, "http://c/");
}

#define INPUT_TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        INPUT_TEST(lines_are_urls_and_blank_ones_and_comments_are_not),
        INPUT_TEST(byte_order_mark_is_skipped_at_the_very_start),
        INPUT_TEST(a_line_that_begins_with_a_brace_is_an_item),
        INPUT_TEST(what_an_item_does_not_say_it_has_from_the_list),
        INPUT_TEST(items_that_are_wrong_are_refused_with_their_line),
        INPUT_TEST(an_item_has_one_body),
        INPUT_TEST(an_item_cannot_ask_for_what_csv_has_no_column_for),
        INPUT_TEST(what_is_no_text_is_refused),
        INPUT_TEST(a_file_that_is_not_there_is_told),
        INPUT_TEST(arguments_come_before_files),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
