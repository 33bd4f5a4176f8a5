#include "api/fetch_headers.h"

#include "unit.h"

static void assert_allowed(const char *name, const char *value) {
    assert_null(fetch_headers_check(name, value));
}

static void assert_refused(const char *name, const char *value, const char *reason) {
    const char *given = fetch_headers_check(name, value);
    if (!given)
        fail_msg("%s is allowed", name);
    else
        assert_string_equal(given, reason);
}

TEST(usual_headers_may_be_sent) {
    assert_allowed("Accept", "text/html");
    assert_allowed("authorization", "Bearer x");
    assert_allowed("Cookie", "a=b");
    assert_allowed("User-Agent", "");
    assert_allowed("Content-Type", "text/plain; charset=utf-8");
    assert_allowed("X-Empty", "");
    assert_allowed("X-Tab", "a\tb");
    assert_allowed("X-Utf8", "\xC3\xA9");
}

TEST(headers_that_frame_or_route_the_message_are_refused) {
    static const char *const names[] = {
        "Connection",       "Content-Length",
        "Expect",           "Host",
        "Keep-Alive",       "TE",
        "Trailer",          "Transfer-Encoding",
        "Upgrade",          "Proxy-Authorization",
        "Proxy-Connection", "Proxy-",
        "PROXY-X",          "hOST",
        "content-length",   "transfer-encoding",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_refused(names[i], "x", "this header cannot be set");
}

TEST(names_that_only_begin_or_end_like_those_may_be_sent) {
    static const char *const names[] = {
        "Content-Length-X", "X-Host", "Hos", "Hosts", "T", "TEX", "Proxy", "Trail", "Upgrade-Insecure-Requests"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_allowed(names[i], "x");
}

TEST(names_that_are_no_tokens_are_refused) {
    static const char *const names[] = {"", " Host", "Host ", "Host:", "A B", "A\r\nHost", "\xC3\xA9", "A\tB", "(A)"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_refused(names[i], "x", "this is not a header name");
}

TEST(control_characters_in_values_are_refused) {
    static const char reason[] = "the value has a control character";
    assert_refused("A", "x\r\nHost: y", reason);
    assert_refused("A", "x\n", reason);
    assert_refused("A", "\r", reason);
    assert_refused("A", "\x01", reason);
    assert_refused("A", "\x7F", reason);
}

TEST(value_must_be_a_string) {
    assert_refused("A", NULL, "the value must be a string, or a list of strings");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_headers_may_be_sent),
        cmocka_unit_test(headers_that_frame_or_route_the_message_are_refused),
        cmocka_unit_test(names_that_only_begin_or_end_like_those_may_be_sent),
        cmocka_unit_test(names_that_are_no_tokens_are_refused),
        cmocka_unit_test(control_characters_in_values_are_refused),
        cmocka_unit_test(value_must_be_a_string),
    };
    return cmocka_run_group_tests_name("fetch_headers", tests, NULL, NULL);
}
