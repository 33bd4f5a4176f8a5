#include "pool/url_user.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void assert_taken(const char *url, const char *bare, const char *credentials) {
    struct url_origin origin;
    struct url_user user;
    const char *reason = NULL;
    char *ret_url = NULL, *line = NULL;
    if (url_check_with_user(url, &origin, &user, &reason))
        fail_msg("%s: %s", url, reason);
    assert_int_equal(url_user_take(url, &user, &ret_url, &line), ERR_NONE);
    assert_string_equal(ret_url, bare);
    assert_memory_equal(line, "Authorization: Basic ", 21);
    assert_string_equal(line + 21, credentials);
    free(ret_url);
    free(line);
}

/* RFC 7617, section 2 has the first one. */
TEST(user_information_becomes_a_header) {
    assert_taken("http://Aladdin:open%20sesame@h/x", "http://h/x", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_taken("https://u:p@h", "https://h", "dTpw");
    assert_taken("http://u@h:81?q#f", "http://h:81?q#f", "dTo=");
    assert_taken("http://:p@[::1]:8080/", "http://[::1]:8080/", "OnA=");
    assert_taken("http://u:a:b@h/@", "http://h/@", "dTphOmI=");
    assert_taken("http://%40%3a:%C3%bc@h/", "http://h/", "QDo6w7w=");
}

TEST(host_is_that_behind_the_user) {
    struct url_origin origin;
    struct url_user user;
    const char *reason = NULL;
    assert_int_equal(url_check_with_user("http://u:p@Example.com:81/", &origin, &user, &reason), FETCH_OK);
    assert_string_equal(origin.text, "http://example.com:81");
    assert_int_equal(user.len, 3);
    assert_int_equal(url_check_with_user("http://example.com/u@v", &origin, &user, &reason), FETCH_OK);
    assert_int_equal(user.len, 0);
}

TEST(user_information_on_which_parsers_disagree_is_refused) {
    static const char *const urls[] = {
        "http://@h/",     "http://u@v@h/",      "http://u:p@v:q@h/", "http://u\\@h/",     "http://u[@h/",
        "http://u%@h/",   "http://u%4@h/",      "http://u%4g@h/",    "http://u%0d%0a@h/", "http://u%00@h/",
        "http://u%7F@h/", "http://\xC3\xBC@h/", "http://u\"@h/",     "http://u<@h/",      "http://u@",
        "http://u@/",     "http://u@127.1/",    "http://u@h\\@k/",   "http://u@h@/",      "http://127.0.0.1:80@127.1/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct url_origin origin;
        struct url_user user;
        const char *reason = NULL;
        if (url_check_with_user(urls[i], &origin, &user, &reason) != FETCH_INVALID_URL)
            fail_msg("%s is accepted", urls[i]);
        assert_true(reason && *reason);
    }
}

static void take_one(void) {
    const char *url = "http://u:p@h/";
    const struct url_user user = {.text = url + 7, .len = 3};
    char *bare = NULL, *line = NULL;
    enum err err = url_user_take(url, &user, &bare, &line);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(bare != NULL, err == ERR_NONE);
    free(bare);
    free(line);
}

TEST(take_without_memory_fails) {
    unit_fail_each_allocation(take_one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_information_becomes_a_header),
        cmocka_unit_test(host_is_that_behind_the_user),
        cmocka_unit_test(user_information_on_which_parsers_disagree_is_refused),
        cmocka_unit_test(take_without_memory_fails),
    };
    return cmocka_run_group_tests_name("url_user", tests, NULL, NULL);
}
