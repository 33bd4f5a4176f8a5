#include "pool/har_url.h"

#include "unit.h"

#include <string.h>

static void assert_url(const char *url, const char *expected) {
    struct buf out;
    buf_init(&out, SIZE_MAX);
    assert_int_equal(har_url_append(&out, url), ERR_NONE);
    assert_string_equal(out.data, expected);
    assert_int_equal(out.len, strlen(expected) + 1);
    buf_fini(&out);
}

static void assert_redirect(const char *url, const char *location, const char *expected) {
    struct buf out;
    buf_init(&out, SIZE_MAX);
    assert_int_equal(har_url_append_redirect(&out, url, location, strlen(location)), ERR_NONE);
    assert_string_equal(out.data, expected);
    buf_fini(&out);
}

TEST(uri_stays_as_it_is) {
    assert_url("http://h/", "http://h/");
    assert_url("https://H.example:8443/a;b/%7Ec?d=e&f=/?h", "https://H.example:8443/a;b/%7Ec?d=e&f=/?h");
    assert_url("http://[::1]:80/?q", "http://[::1]:80/?q");
}

TEST(url_is_what_was_asked_for) {
    assert_url("http://h", "http://h/");
    assert_url("http://h?q#a#b", "http://h/?q");
    assert_url("http://h/x/../y#frag", "http://h/y");
}

TEST(what_may_not_stand_in_a_uri_is_escaped) {
    assert_url("http://h/[]|\"<>\\^`{}", "http://h/%5B%5D%7C%22%3C%3E%5C%5E%60%7B%7D");
    assert_url("http://h/100%/%zz?%4", "http://h/100%25/%25zz?%254");
}

TEST(what_was_escaped_when_it_was_sent_is_so) {
    assert_url("http://h/\xC3\xBC?\xC3\xBC", "http://h/%c3%bc?%c3%bc");
    assert_url("http://h/a%7e?%C3", "http://h/a%7e?%C3");
}

TEST(user_information_is_left_out) {
    assert_url("http://user:secret@h/a?b", "http://h/a?b");
}

TEST(what_is_no_url_follows_one_that_is_invalid) {
    assert_url("", "about:invalid#");
    assert_url("100% %41 \xC3", "about:invalid#100%25%20%41%20%C3");
    assert_url("no url", "about:invalid#no%20url");
    assert_url("ftp://h/#", "about:invalid#ftp://h/%23");
}

TEST(redirect_is_seen_from_where_it_stands) {
    assert_redirect("http://h/a/b", "../c d", "http://h/c%20d");
    assert_redirect("http://h/", "ftp://other/", "about:invalid#ftp://other/");
    assert_redirect("http://h/", "http://h:99999/", "about:invalid#http://h:99999/");
}

static void write(void) {
    struct buf out;
    buf_init(&out, SIZE_MAX);
    enum err err = har_url_append_redirect(&out, "http://h/", "/a#b", 4);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    buf_fini(&out);
}

TEST(lack_of_memory_is_told) {
    unit_fail_each_allocation(write);
}

TEST(full_buffer_is_told) {
    const char *const urls[] = {"http://h/\xC3?a#b", "no url"};
    for (size_t i = 0; i < 2; i++) {
        struct buf whole;
        buf_init(&whole, SIZE_MAX);
        assert_int_equal(har_url_append(&whole, urls[i]), ERR_NONE);
        for (size_t max = 0; max < whole.len; max++) {
            struct buf out;
            buf_init(&out, max);
            assert_int_equal(har_url_append(&out, urls[i]), ERR_LIMIT);
            buf_fini(&out);
        }
        buf_fini(&whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uri_stays_as_it_is),
        cmocka_unit_test(url_is_what_was_asked_for),
        cmocka_unit_test(what_may_not_stand_in_a_uri_is_escaped),
        cmocka_unit_test(what_was_escaped_when_it_was_sent_is_so),
        cmocka_unit_test(user_information_is_left_out),
        cmocka_unit_test(what_is_no_url_follows_one_that_is_invalid),
        cmocka_unit_test(redirect_is_seen_from_where_it_stands),
        cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("har_url", tests, NULL, NULL);
}
