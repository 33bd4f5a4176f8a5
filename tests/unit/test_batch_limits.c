/* What a body may hold, and what decoding it takes. */
#include "api/batch_decode.h"
#include "unit.h"
#include "unit_decode.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct unit_decode d;

static int begin(void **state) {
    (void)state;
    unit_decode_init(&d);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_decode_fini(&d);
    return 0;
}

static void begin_anew(void) {
    unit_decode_fini(&d);
    unit_decode_init(&d);
}

static void decode(enum batch_format format, const char *text) {
    batch_decode(format, text, strlen(text), &d.target);
}

TEST(urls_have_their_limit_in_each_format) {
    static const struct {
        enum batch_format format;
        const char *three;
        const char *four;
    } rows[] = {
        {BATCH_FORMAT_JSON, "[\"a\",\"b\",{\"url\":\"c\"}]", "[\"a\",\"b\",\"c\",1]"},
        {BATCH_FORMAT_JSON, "{\"urls\":[\"a\",\"b\",\"c\"]}", "{\"urls\":[1,2,3,4]}"},
        {BATCH_FORMAT_JSON_LINES, "\"a\"\n\"b\"\n\"c\"\n\n", "\"a\"\n\"b\"\n\"c\"\n{\"url\":\"d\"}"},
        {BATCH_FORMAT_TEXT, "a\nb\nc\n#\n\n", "a\nb\nc\nd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_anew();
        d.settings.server.max_urls = 3;
        decode(rows[i].format, rows[i].three);
        unit_decode_assert_taken(&d, rows[i].three);
        begin_anew();
        d.settings.server.max_urls = 3;
        decode(rows[i].format, rows[i].four);
        assert_int_equal(d.problem.status, 413);
        assert_string_equal(d.problem.detail, "more than 3 URLs (server.max_urls)");
    }
}

TEST(values_have_a_limit_that_grows_with_that_of_the_urls) {
    char text[20000] = "{\"urls\":[]";
    size_t n = strlen(text);
    for (int i = 0; i < 24; i++) { /* 4106 values all in all */
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"%d\":[", i);
        for (int j = 0; j < 170; j++)
            n += (size_t)snprintf(text + n, sizeof text - n, j < 169 ? "1," : "1]");
    }
    text[n] = '}';
    d.settings.server.max_urls = 1;
    decode(BATCH_FORMAT_JSON, text);
    assert_int_equal(d.problem.status, 413);
    begin_anew();
    d.settings.server.max_urls = 2;
    decode(BATCH_FORMAT_JSON, text);
    assert_int_equal(d.problem.status, 422);
}

static void decode_with_values(enum batch_format format, const char *begin_text, size_t values, const char *end_text) {
    static char text[4000];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", begin_text);
    for (size_t i = 0; i < values; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, i == 0 ? "1" : ",1");
    (void)snprintf(text + n, sizeof text - n, "%s", end_text);
    begin_anew();
    decode(format, text);
}

TEST(values_of_one_item_have_their_limit) {
    static const struct {
        enum batch_format format;
        const char *begin;
        const char *end;
        size_t values; /* beside those in the list */
    } rows[] = {
        {BATCH_FORMAT_JSON, "[\"a\",{\"url\":\"b\",\"include\":[", "]}]", 3},
        {BATCH_FORMAT_JSON, "{\"urls\":[],\"include\":[", "]}", 1},
        {BATCH_FORMAT_JSON, "[\"a\",[", "]]", 1},
        {BATCH_FORMAT_JSON_LINES, "\"a\"\n{\"url\":\"b\",\"include\":[", "]}\n", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        decode_with_values(rows[i].format, rows[i].begin, 1024 - rows[i].values, rows[i].end);
        assert_int_equal(d.problem.status, 422);
        decode_with_values(rows[i].format, rows[i].begin, 1025 - rows[i].values, rows[i].end);
        assert_int_equal(d.problem.status, 413);
        assert_non_null(strstr(d.problem.detail, "more than 1024 JSON values"));
    }
}

/* ---- memory ---- */

static size_t tree_bytes, tree_peak;

static void *count_malloc(size_t size) {
    void *p = malloc(size);
    tree_bytes += malloc_usable_size(p);
    tree_peak = tree_bytes > tree_peak ? tree_bytes : tree_peak;
    return p;
}

static void count_free(void *p) {
    tree_bytes -= malloc_usable_size(p);
    free(p);
}

/* `unit` again and again, with a comma between. */
static char *fill(const char *before, const char *unit, const char *after, size_t size) {
    char *text = malloc(size + 1);
    assert_non_null(text);
    size_t len = strlen(unit), n = strlen(before), rest = strlen(after);
    memcpy(text, before, n);
    while (n + len + 1 + rest <= size) {
        memcpy(text + n, unit, len);
        text[n + len] = ',';
        n += len + 1;
    }
    memcpy(text + n - 1, after, rest + 1);
    return text;
}

enum { BODY_BYTES = 1024 * 1024, TREE_SPARE_BYTES = 128 * 1024 };

/* An array of numbers would be a tree of forty times its size. */
TEST(trees_never_take_much_more_than_the_text) {
    static const char *const shapes[][3] = {
        {"[", "1", "]"},
        {"[", "\"\"", "]"},
        {"[", "[]", "]"},
        {"[", "{}", "]"},
        {"[", "{\"\":1}", "]"},
        {"[", "{\"url\":\"\"}", "]"},
        {"[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "]"},
        {"{\"urls\":[", "1", "]}"},
        {"{\"urls\":[],\"include\":[", "\"\"", "]}"},
        {"[{\"url\":\"\",\"headers\":{\"a\":[", "\"\"", "]}}]"},
        {"{\"urls\":[\"", "x", "\"]}"},
        {"{\"urls\":[],\"body\":\"", "\\u00e9", "\"}"},
        {"{\"urls\":[],\"timeout\":1.1", "1", "}"},
    };
    cJSON_InitHooks(&(cJSON_Hooks){count_malloc, count_free});
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        char *text = fill(shapes[i][0], shapes[i][1], shapes[i][2], BODY_BYTES);
        begin_anew();
        d.settings.server.max_urls = BODY_BYTES;
        tree_peak = 0;
        decode(BATCH_FORMAT_JSON, text);
        free(text);
        if (tree_peak > BODY_BYTES + TREE_SPARE_BYTES)
            fail_msg("%s%s: a tree of %zu bytes", shapes[i][0], shapes[i][1], tree_peak);
        assert_int_equal(tree_bytes, 0);
    }
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(urls_have_their_limit_in_each_format, begin, end),
        cmocka_unit_test_setup_teardown(values_have_a_limit_that_grows_with_that_of_the_urls, begin, end),
        cmocka_unit_test_setup_teardown(values_of_one_item_have_their_limit, begin, end),
        cmocka_unit_test_setup_teardown(trees_never_take_much_more_than_the_text, begin, end),
    };
    return cmocka_run_group_tests_name("batch_limits", tests, NULL, NULL);
}
