#include "pool/hop_headers.h"

#include "unit.h"

#include <string.h>

static struct curl_slist *list;

static int end(void **state) {
    (void)state;
    curl_slist_free_all(list);
    list = NULL;
    return 0;
}

static void assert_lines(const char *const *lines) {
    const struct curl_slist *node = list;
    for (; *lines; lines++, node = node->next) {
        assert_non_null(node);
        assert_string_equal(node->data, *lines);
    }
    assert_null(node);
}

static const char *const set[] = {"X-One: 1", "Content-Type: a/b", "X-Empty:"};

static void build(struct hop_headers h, bool with_headers) {
    const struct fetch_options options = {.headers = set, .header_count = with_headers ? 3 : 0};
    h.options = &options;
    assert_int_equal(hop_headers_build(&h, &list), ERR_NONE);
}

TEST(nothing_set_is_no_list) {
    build((struct hop_headers){.with_caller_headers = true}, false);
    assert_null(list);
    build((struct hop_headers){.with_caller_headers = false}, true);
    assert_null(list);
}

TEST(callers_headers_keep_their_order) {
    build((struct hop_headers){.with_caller_headers = true}, true);
    assert_lines((const char *const[]){"X-One: 1", "Content-Type: a/b", "X-Empty;", NULL});
}

TEST(body_gets_no_type_but_the_callers) {
    build((struct hop_headers){.sends_body = true, .with_caller_headers = true}, true);
    assert_lines((const char *const[]){"Expect:", "X-One: 1", "Content-Type: a/b", "X-Empty;", NULL});
    curl_slist_free_all(list);
    build((struct hop_headers){.sends_body = true}, true);
    assert_lines((const char *const[]){"Expect:", "Content-Type:", NULL});
}

TEST(headers_about_the_body_go_with_it) {
    build((struct hop_headers){.body_left = true, .with_caller_headers = true}, true);
    assert_lines((const char *const[]){"X-One: 1", "X-Empty;", NULL});
}

static void build_decoded(const char *const *headers, size_t count, bool sends_body, bool with_caller_headers) {
    const struct fetch_options options = {.headers = headers, .header_count = count, .decompress = true};
    const struct hop_headers h = {
        .options = &options, .sends_body = sends_body, .with_caller_headers = with_caller_headers};
    curl_slist_free_all(list);
    list = NULL;
    assert_int_equal(hop_headers_build(&h, &list), ERR_NONE);
}

#define ALL_ENCODINGS "Accept-Encoding: deflate, gzip, br, zstd"

TEST(encodings_are_offered_with_whatever_is_set) {
    static const char *const one[] = {"X-One: 1"};
    build_decoded(one, 1, false, true);
    assert_lines((const char *const[]){ALL_ENCODINGS, "X-One: 1", NULL});
    build_decoded(one, 1, true, false);
    assert_lines((const char *const[]){ALL_ENCODINGS, "Expect:", "Content-Type:", NULL});
    build_decoded(one, 1, false, false);
    assert_null(list); /* the plain headers have them */
}

TEST(callers_choice_of_encodings_stays) {
    static const char *const own[] = {"accept-encoding: gzip"};
    static const char *const range[] = {"Range: bytes=5-"};
    build_decoded(own, 1, false, true);
    assert_lines((const char *const[]){"accept-encoding: gzip", NULL});
    build_decoded(range, 1, false, true);
    assert_lines((const char *const[]){"Range: bytes=5-", NULL});
}

TEST(authorization_of_the_url_goes_where_the_callers_headers_go) {
    static const char line[] = "Authorization: Basic dTpw";
    build((struct hop_headers){.with_caller_headers = true, .authorization = line}, true);
    assert_lines((const char *const[]){"X-One: 1", "Content-Type: a/b", "X-Empty;", line, NULL});
    curl_slist_free_all(list);
    build((struct hop_headers){.authorization = line}, true);
    assert_null(list);
    static const char *const own[] = {"authorization: mine"};
    const struct fetch_options options = {.headers = own, .header_count = 1};
    const struct hop_headers h = {.options = &options, .with_caller_headers = true, .authorization = line};
    assert_int_equal(hop_headers_build(&h, &list), ERR_NONE);
    assert_lines((const char *const[]){own[0], NULL});
}

TEST(plain_headers_name_the_agent_and_all_encodings) {
    assert_int_equal(hop_headers_create_plain("unit/1", &list), ERR_NONE);
    assert_lines((const char *const[]){"User-Agent: unit/1", "Accept-Encoding: deflate, gzip, br, zstd", NULL});
}

TEST(empty_agent_is_not_sent) {
    assert_int_equal(hop_headers_create_plain("", &list), ERR_NONE);
    assert_lines((const char *const[]){"Accept-Encoding: deflate, gzip, br, zstd", NULL});
}

TEST(headers_without_memory_fail) {
    const struct fetch_options options = {.headers = set, .header_count = 3};
    const struct hop_headers h = {.options = &options, .sends_body = true, .with_caller_headers = true};
    enum err err = ERR_NOMEM;
    for (unsigned n = 1; err == ERR_NOMEM; n++) {
        unit_fail_allocation(n);
        err = hop_headers_build(&h, &list);
        unit_fail_allocation(0);
        assert_true(n < 20);
    }
    assert_int_equal(err, ERR_NONE);
    assert_non_null(list);
}

#define HEADERS_TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        HEADERS_TEST(nothing_set_is_no_list),
        HEADERS_TEST(callers_headers_keep_their_order),
        HEADERS_TEST(body_gets_no_type_but_the_callers),
        HEADERS_TEST(headers_about_the_body_go_with_it),
        HEADERS_TEST(encodings_are_offered_with_whatever_is_set),
        HEADERS_TEST(callers_choice_of_encodings_stays),
        HEADERS_TEST(authorization_of_the_url_goes_where_the_callers_headers_go),
        HEADERS_TEST(plain_headers_name_the_agent_and_all_encodings),
        HEADERS_TEST(empty_agent_is_not_sent),
        HEADERS_TEST(headers_without_memory_fail),
    };
    return cmocka_run_group_tests_name("hop_headers", tests, NULL, NULL);
}
