#include "pool/fetch_same.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 20000 };

static struct fetch_options defaults;
static struct fetch_same same;

static int begin(void **state) {
    (void)state;
    defaults = (struct fetch_options){.method = "GET", .timeout_ms = 1000, .follow_redirects = true};
    same = (struct fetch_same){0};
    return 0;
}

static int end(void **state) {
    (void)state;
    fetch_same_fini(&same);
    return 0;
}

static void find(const struct fetch_item *items, size_t count) {
    assert_int_equal(fetch_same_init(&same, items, count, &defaults), ERR_NONE);
}

/* The items of each fetch as digits, the fetches separated by blanks. */
static void assert_groups(const char *expected) {
    char text[200] = "";
    size_t n = 0;
    for (size_t i = 0; i < same.count; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", i > 0 ? " " : "");
        for (uint32_t item = same.first[i]; item != FETCH_SAME_END; item = same.next[item])
            n += (size_t)snprintf(text + n, sizeof text - n, "%u", (unsigned)item);
    }
    assert_string_equal(text, expected);
}

TEST(empty_list_has_no_fetch) {
    find(NULL, 0);
    assert_int_equal(same.count, 0);
    assert_true(fetch_same_find(&same, 0) == SIZE_MAX);
}

TEST(items_of_one_url_are_one_fetch_in_the_order_of_the_list) {
    const struct fetch_item items[] = {{.url = "a"}, {.url = "b"}, {.url = "a", .id = "1"},
                                       {.url = "c"}, {.url = "b"}, {.url = "a"},
                                       {.url = "A"}, {.url = ""}};
    find(items, 8);
    assert_groups("025 14 3 6 7");
}

TEST(first_items_find_their_fetch) {
    const struct fetch_item items[] = {{.url = "a"}, {.url = "a"}, {.url = "b"}, {.url = "a"}, {.url = "c"}};
    static const size_t fetches[] = {0, SIZE_MAX, 1, SIZE_MAX, 2};
    find(items, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(fetch_same_find(&same, i) == fetches[i]);
    assert_true(fetch_same_find(&same, 99) == SIZE_MAX);
}

TEST(what_may_not_be_done_once_instead_of_twice_is_done_twice) {
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct fetch_item items[] = {{.url = "a"}, {.url = "a"}};
        defaults.method = methods[i];
        find(items, 2);
        assert_groups(i < 5 ? "01" : "0 1");
        fetch_same_fini(&same);
    }
}

/* Each row differs from the first in one field. */
TEST(every_option_makes_a_difference) {
    static const char *const one[] = {"A: 1"}, *const other[] = {"A: 2"}, *const two[] = {"A: 1", "A: 1"};
    const struct fetch_options rows[] = {
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1},
        {.method = "DELETE", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1},
        {.method = "PUT", .headers = other, .header_count = 1, .body = "x", .body_bytes = 1},
        {.method = "PUT", .headers = two, .header_count = 2, .body = "x", .body_bytes = 1},
        {.method = "PUT", .body = "x", .body_bytes = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "y", .body_bytes = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x\0", .body_bytes = 2},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "", .body_bytes = 0},
        {.method = "PUT", .headers = one, .header_count = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .timeout_ms = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .connect_timeout_ms = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .max_size_bytes = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .max_redirects = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .retries = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .retry_delay_ms = 1},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .follow_redirects = true},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .decompress = true},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .head_fallback = true},
        {.method = "PUT",
         .headers = one,
         .header_count = 1,
         .body = "x",
         .body_bytes = 1,
         .http_version = FETCH_HTTP_2},
        {.method = "PUT", .headers = one, .header_count = 1, .body = "x", .body_bytes = 1, .include = 1},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct fetch_item items[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        items[i] = (struct fetch_item){.url = "a", .options = &rows[i]};
    find(items, ROWS);
    assert_int_equal(same.count, ROWS);
}

TEST(equal_texts_are_equal_wherever_they_stand) {
    char line[] = "A: 1", copy[] = "A: 1", body[] = "b", other[] = "b";
    const char *const lines[] = {line}, *const copies[] = {copy};
    defaults =
        (struct fetch_options){.method = "PUT", .headers = lines, .header_count = 1, .body = body, .body_bytes = 1};
    struct fetch_options own = defaults, base64 = defaults;
    own.headers = copies;
    own.body = other;
    base64.body_is_base64 = true;
    const struct fetch_item items[] = {{.url = "a"}, {.url = "a", .options = &own}, {.url = "a", .options = &base64}};
    find(items, 3);
    assert_groups("012");
}

/* Were each item compared with all before it, this would take minutes. */
TEST(list_of_one_url_and_many_bodies_takes_no_time) {
    struct fetch_options *own = calloc(MANY, sizeof *own);
    struct fetch_item *items = calloc(MANY, sizeof *items);
    char(*bodies)[8] = calloc(MANY, sizeof *bodies);
    assert_true(own && items && bodies);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(bodies[i], sizeof bodies[i], "%07d", i / 2);
        own[i] = (struct fetch_options){.method = "PUT", .body = bodies[i], .body_bytes = 7};
        items[i] = (struct fetch_item){.url = "http://a/", .options = &own[i]};
    }
    find(items, MANY);
    assert_int_equal(same.count, MANY / 2);
    for (uint32_t i = 0; i < MANY; i += 2)
        assert_int_equal(same.next[i], i + 1);
    free(own);
    free(items);
    free(bodies);
}

static void find_some(void) {
    const struct fetch_item items[] = {{.url = "a"}, {.url = "b"}, {.url = "a"}};
    enum err err = fetch_same_init(&same, items, 3, &defaults);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(same.count, err ? 0 : 2);
    fetch_same_fini(&same);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(find_some);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_list_has_no_fetch, begin, end),
        cmocka_unit_test_setup_teardown(items_of_one_url_are_one_fetch_in_the_order_of_the_list, begin, end),
        cmocka_unit_test_setup_teardown(first_items_find_their_fetch, begin, end),
        cmocka_unit_test_setup_teardown(what_may_not_be_done_once_instead_of_twice_is_done_twice, begin, end),
        cmocka_unit_test_setup_teardown(every_option_makes_a_difference, begin, end),
        cmocka_unit_test_setup_teardown(equal_texts_are_equal_wherever_they_stand, begin, end),
        cmocka_unit_test_setup_teardown(list_of_one_url_and_many_bodies_takes_no_time, begin, end),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("fetch_same", tests, NULL, NULL);
}
