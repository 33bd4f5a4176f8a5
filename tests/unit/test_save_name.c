#include "cli/save_name.h"

#include "unit.h"

#include <string.h>

static void assert_name(const char *url, const char *expected) {
    char name[SAVE_NAME_BYTES];
    save_name_make(url, name);
    assert_string_equal(name, expected);
}

static void assert_number(const char *name, const char *expected) {
    char numbered[SAVE_NAME_NUMBERED_BYTES];
    save_name_number(name, 2, numbered);
    assert_string_equal(numbered, expected);
}

TEST(a_name_is_host_path_and_query) {
    assert_name("https://example.com/", "example.com");
    assert_name("http://example.com:8080/img/logo.png", "example.com_8080_img_logo.png");
    assert_name("https://example.com/search?q=a+b&n=1#top", "example.com_search_q_a_b_n_1");
    assert_name("http://[::1]:80/a", "_1_80_a");
}

TEST(user_information_is_not_in_it) {
    assert_name("https://user:password@example.com/a", "example.com_a");
    assert_name("https://a@b@example.com/a@c", "example.com_a_c");
}

TEST(a_name_is_never_a_path_or_hidden) {
    assert_name("", "_");
    assert_name("/", "_");
    assert_name("../../etc/passwd", "_._.._etc_passwd");
    assert_name("http://../..", "_._..");
    assert_name("http://-rf/", "_rf");
    assert_name("http://a/..%2f..%2f\\x\x01\xFF", "a_.._2f.._2f_x");
}

TEST(a_long_name_is_cut_and_told_apart) {
    char url[1000] = "http://a/", other[1000], name[SAVE_NAME_BYTES], same[SAVE_NAME_BYTES];
    memset(url + 9, 'x', sizeof url - 10);
    memcpy(other, url, sizeof url);
    other[sizeof url - 2] = 'y';
    save_name_make(url, name);
    save_name_make(other, same);
    assert_true(strlen(name) < SAVE_NAME_BYTES);
    assert_string_not_equal(name, same);
    save_name_make(url, same);
    assert_string_equal(name, same);
}

TEST(a_number_stands_before_the_extension) {
    assert_number("a.example_logo.png", "a.example_logo-2.png");
    assert_number("a.example_logo", "a.example_logo-2");
    assert_number("a", "a-2");
    assert_number("a.verylongextension", "a.verylongextension-2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_host_path_and_query),        cmocka_unit_test(user_information_is_not_in_it),
        cmocka_unit_test(a_name_is_never_a_path_or_hidden),     cmocka_unit_test(a_long_name_is_cut_and_told_apart),
        cmocka_unit_test(a_number_stands_before_the_extension),
    };
    return cmocka_run_group_tests_name("save_name", tests, NULL, NULL);
}
