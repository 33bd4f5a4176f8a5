#include "pool/url_sent.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct url_user user_of(const char *url) {
    struct url_origin origin;
    struct url_user user;
    const char *reason = NULL;
    if (url_check_with_user(url, &origin, &user, &reason))
        fail_msg("%s: %s", url, reason);
    return user;
}

/* `expected` NULL: it is given as it is. */
static void assert_prepared(const char *url, const char *expected, bool has_line) {
    char *prepared = NULL, *line = NULL;
    const struct url_user user = user_of(url);
    assert_int_equal(url_sent_prepare(url, &user, &prepared, &line), ERR_NONE);
    if (expected)
        assert_string_equal(prepared, expected);
    else
        assert_null(prepared);
    assert_int_equal(line != NULL, has_line);
    free(prepared);
    free(line);
}

static void assert_made(const char *url, const char *expected) {
    char *made = NULL;
    const struct url_user user = user_of(url);
    assert_int_equal(url_sent_make(url, &user, &made), ERR_NONE);
    assert_string_equal(made, expected);
    free(made);
}

static void assert_target(const char *url, const char *expected) {
    char *target = NULL;
    assert_int_equal(url_sent_target(url, &target), ERR_NONE);
    if (expected)
        assert_string_equal(target, expected);
    else
        assert_null(target);
    free(target);
}

TEST(ascii_is_given_as_it_is) {
    assert_prepared("http://h/", NULL, false);
    assert_prepared("HTTP://H:80/x/../y?%zz|\"<>\\^`{}[]~%7e#frag", NULL, false);
}

TEST(what_is_beyond_ascii_is_escaped_everywhere) {
    assert_prepared("http://h/\xC3\xA9?q=\xC3\xA9&%C3#\xF0\x9F\x98\x80", "http://h/%c3%a9?q=%c3%a9&%C3#%f0%9f%98%80",
                    false);
    assert_prepared("http://h?\x80\xFF", "http://h?%80%ff", false);
}

TEST(user_information_becomes_a_line) {
    assert_prepared("http://u:p@h/?@", "http://h/?@", true);
    assert_prepared("http://u:p@h/\xC3\xA9", "http://h/%c3%a9", true);
}

TEST(escapes_are_those_of_a_redirect) {
    char *joined = NULL;
    assert_int_equal(url_join("http://h/", "/\xC3\xA9?q=\xC3\xA9", &joined), ERR_NONE);
    assert_prepared("http://h/\xC3\xA9?q=\xC3\xA9", joined, false);
    free(joined);
}

static void assert_joined(const char *base, const char *location, const char *expected) {
    char *joined = NULL;
    assert_int_equal(url_join(base, location, &joined), ERR_NONE);
    assert_string_equal(joined, expected);
    free(joined);
}

TEST(empty_query_is_one_behind_a_redirect_as_well) {
    assert_joined("http://a/b", "/c?", "http://a/c?");
    assert_joined("http://a/b?q", "?", "http://a/b?");
    assert_joined("http://a/b", "/c?#d?", "http://a/c?#d?");
    assert_joined("http://a/b?q", "http://c?", "http://c/?");
    assert_joined("http://a/b", "/c#?", "http://a/c#?");
    assert_joined("http://a/b", "/c??", "http://a/c??");
}

TEST(what_is_asked_for_has_no_dots_and_no_fragment) {
    assert_made("http://h/x/../y#frag", "http://h/y");
    assert_made("http://h", "http://h/");
    assert_made("http://h?q#a?b", "http://h/?q");
    assert_made("http://h/a?#x", "http://h/a?");
    assert_made("http://h?", "http://h/?");
    assert_made("http://h/#?", "http://h/");
    assert_made("http://u:p@h/a%7e?%zz", "http://h/a%7e?%zz");
    assert_made("http://h/./\xC3\xA9?q=/../\xC3\xA9", "http://h/%c3%a9?q=/../%c3%a9");
}

TEST(target_is_told_when_there_is_a_query) {
    assert_target("http://h/a", NULL);
    assert_target("http://h", NULL);
    assert_target("http://h/a#?b", NULL);
    assert_target("http://h/a?b=c/../d&%zz#frag?", "/a?b=c/../d&%zz");
    assert_target("http://h/a?", "/a?");
    assert_target("http://h?b", "/?b");
    assert_target("http://[::1]:80?b#c", "/?b");
    assert_target("HTTPS://H:1/~a;b@c:d?//x", "/~a;b@c:d?//x");
}

/* The same as in an archive, also where dots are escaped, which versions of libcurl differ in. */
TEST(target_is_what_is_asked_for) {
    static const char *const urls[] = {
        "http://h/a/../b?c",   "http://h/./b?/../c",     "http://h/..?c",       "http://h/.a/b?c", "http://h/a/.?",
        "http://h/%2e%2E/b?c", "http://h/a/%2e/b?c#d/.", "http://h/a%20b?%2e/", "http://h?/../c",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct url_user nobody = {0};
        char *made = NULL;
        assert_int_equal(url_sent_make(urls[i], &nobody, &made), ERR_NONE);
        assert_target(urls[i], made + strlen("http://h"));
        free(made);
    }
}

/* Longer than any that a redirect may have. */
TEST(port_with_many_zeros_is_one) {
    char url[400] = "http://u:p@h:";
    memset(url + 13, '0', 300);
    memcpy(url + 313, "81/a/../b", 10);
    const struct url_user user = user_of(url);
    char *made = NULL;
    assert_int_equal(url_sent_make(url, &user, &made), ERR_NONE);
    assert_memory_equal(made, "http://h:", 9);
    assert_string_equal(strchr(made + 9, '/'), "/b");
    free(made);
}

static void make_one(void) {
    static const char url[] = "http://u:p@h/\xC3\xA9?";
    const struct url_user user = {.text = url + 7, .len = 3};
    char *made = NULL;
    enum err err = url_sent_make(url, &user, &made);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    free(made);
}

static void make_target(void) {
    char *target = NULL;
    enum err err = url_sent_target("http://h/a/../b?c", &target);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    free(target);
}

TEST(lack_of_memory_is_told) {
    unit_fail_each_allocation(make_one);
    unit_fail_each_allocation(make_target);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_is_given_as_it_is),
        cmocka_unit_test(what_is_beyond_ascii_is_escaped_everywhere),
        cmocka_unit_test(user_information_becomes_a_line),
        cmocka_unit_test(escapes_are_those_of_a_redirect),
        cmocka_unit_test(target_is_told_when_there_is_a_query),
        cmocka_unit_test(target_is_what_is_asked_for),
        cmocka_unit_test(empty_query_is_one_behind_a_redirect_as_well),
        cmocka_unit_test(what_is_asked_for_has_no_dots_and_no_fragment),
        cmocka_unit_test(port_with_many_zeros_is_one),
        cmocka_unit_test(lack_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("url_sent", tests, NULL, NULL);
}
