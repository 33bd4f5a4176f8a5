#include "base/json.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* The text written so far, and no error. */
static void assert_written(struct json *j, const char *text) {
    assert_int_equal(json_end(j), ERR_NONE);
    assert_int_equal(buf_terminate(j->out), ERR_NONE);
    assert_string_equal(j->out->data, text);
    buf_fini(j->out);
}

static void begin(struct json *j, struct buf *b) {
    buf_init(b, 100000);
    json_begin(j, b);
}

static void assert_string_written(const char *bytes, size_t len, const char *text) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_string(&j, bytes, len);
    assert_written(&j, text);
}

static void assert_base64_written(const char *bytes, const char *text) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_base64(&j, bytes, strlen(bytes));
    assert_written(&j, text);
}

static void assert_seconds_written(int64_t us, const char *text) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_seconds(&j, us);
    assert_written(&j, text);
}

TEST(commas_stand_between_values_only) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_array_open(&j);
    json_object_open(&j);
    json_object_close(&j);
    json_object_open(&j);
    json_key(&j, "a");
    json_int(&j, 1);
    json_key(&j, "b");
    json_array_open(&j);
    json_array_close(&j);
    json_key_text(&j, "c\"", 2);
    json_null(&j);
    json_object_close(&j);
    json_bool(&j, true);
    json_bool(&j, false);
    json_array_close(&j);
    assert_written(&j, "[{},{\"a\":1,\"b\":[],\"c\\\"\":null},true,false]");
}

TEST(integers_of_all_sizes_are_exact) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_array_open(&j);
    json_int(&j, INT64_MIN);
    json_int(&j, 0);
    json_int(&j, INT64_MAX);
    json_array_close(&j);
    assert_written(&j, "[-9223372036854775808,0,9223372036854775807]");
}

TEST(control_characters_are_escaped) {
    assert_string_written("\0\x01\b\t\n\f\r\x1f\x7f", 9, "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\\u007f\"");
    assert_string_written("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    assert_string_written("", 0, "\"\"");
}

TEST(valid_utf8_is_kept) {
    assert_string_written("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(bytes_that_are_not_utf8_become_replacements) {
    assert_string_written("a\xFF\xC3", 3, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_string_written("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_string_written("\xC0\xAFz", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(base64_is_as_in_rfc_4648) {
    assert_base64_written("", "\"\"");
    assert_base64_written("f", "\"Zg==\"");
    assert_base64_written("fo", "\"Zm8=\"");
    assert_base64_written("foo", "\"Zm9v\"");
    assert_base64_written("foob", "\"Zm9vYg==\"");
    assert_base64_written("fooba", "\"Zm9vYmE=\"");
    assert_base64_written("foobar", "\"Zm9vYmFy\"");
    assert_base64_written("\xFB\xFF\xBF", "\"+/+/\"");
}

TEST(seconds_have_the_decimals_they_need) {
    assert_seconds_written(0, "0.0");
    assert_seconds_written(1, "0.000001");
    assert_seconds_written(100000, "0.1");
    assert_seconds_written(1000000, "1.0");
    assert_seconds_written(1234567, "1.234567");
    assert_seconds_written(3600000000, "3600.0");
    assert_seconds_written(-5, "0.0");
}

TEST(milliseconds_have_three_decimals_at_most) {
    const struct {
        int64_t us;
        const char *text;
    } cases[] = {{0, "0.0"}, {-5, "0.0"}, {1, "0.001"}, {1500, "1.5"}, {60000000, "60000.0"}, {1234567, "1234.567"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b;
        struct json j;
        begin(&j, &b);
        json_milliseconds(&j, cases[i].us);
        assert_written(&j, cases[i].text);
    }
}

TEST(first_failure_stays) {
    struct buf b;
    struct json j;
    buf_init(&b, 10);
    json_begin(&j, &b);
    json_array_open(&j);
    json_text(&j, "longer than ten");
    json_array_close(&j);
    json_int(&j, 1);
    assert_int_equal(json_end(&j), ERR_LIMIT);
    assert_true(b.len <= 10);
    buf_fini(&b);
}

static void write_some(void) {
    struct buf b;
    struct json j;
    begin(&j, &b);
    json_array_open(&j);
    for (int i = 0; i < 100; i++)
        json_text(&j, "some text");
    json_array_close(&j);
    assert_int_equal(json_end(&j), unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    buf_fini(&b);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(write_some);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_values_only),
        cmocka_unit_test(integers_of_all_sizes_are_exact),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(valid_utf8_is_kept),
        cmocka_unit_test(bytes_that_are_not_utf8_become_replacements),
        cmocka_unit_test(base64_is_as_in_rfc_4648),
        cmocka_unit_test(seconds_have_the_decimals_they_need),
        cmocka_unit_test(milliseconds_have_three_decimals_at_most),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
