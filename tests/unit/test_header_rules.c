#include "pool/header_rules.h"

#include "unit.h"

static void assert_allowed(const char *name, const char *value) {
    assert_null(header_rules_check(name, value));
}

static void assert_refused(const char *name, const char *value, const char *reason) {
    const char *given = header_rules_check(name, value);
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
        "HTTP2-Settings",   "Transfer_Encoding",
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

TEST(headers_that_open_metadata_services_are_refused) {
    static const char *const headers[][2] = {
        {"Metadata", "true"},
        {"metadata", ""},
        {"Metadata-Flavor", "Google"},
        {"METADATA-FLAVOR", "x"},
        {"Metadata_Flavor", "Google"},
        {"Metadata-Token", "vultr"},
        {"Metadata-Token-Expiry-Seconds", "60"},
        {"X-Google-Metadata-Request", "True"},
        {"X-aws-ec2-metadata-token", "x"},
        {"X-aws-ec2-metadata-token-ttl-seconds", "60"},
        {"x_aws_ec2_metadata_token", "x"},
        {"X-aliyun-ecs-metadata-token", "x"},
        {"X-aliyun-ecs-metadata-token-ttl-seconds", "60"},
        {"X-Metadata-Token", "x"},
        {"X-Metadata-Token-Ttl-Seconds", "60"},
        {"Authorization", "Bearer Oracle"},
        {"AUTHORIZATION", " bearer\t ORACLE "},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_refused(headers[i][0], headers[i][1],
                       "this header opens metadata services of clouds, and cannot be set");
}

TEST(headers_that_only_look_like_those_may_be_sent) {
    static const char *const headers[][2] = {
        {"X-Metadata", "true"},
        {"Metadat", "x"},
        {"Metadatas", "x"},
        {"X-Metadata-Tokens", "x"},
        {"X-Aws-Ec2-Metadata", "x"},
        {"X-Google-Meta", "x"},
        {"Authorization", "Bearer"},
        {"Authorization", "Bearer Oracles"},
        {"Authorization", "Basic Oracle"},
        {"Authorization", "BearerOracle"},
        {"X-Authorization", "Bearer Oracle"},
        {"Authorization", "Bearer Oracle.token"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_allowed(headers[i][0], headers[i][1]);
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
        cmocka_unit_test(headers_that_open_metadata_services_are_refused),
        cmocka_unit_test(headers_that_only_look_like_those_may_be_sent),
        cmocka_unit_test(names_that_are_no_tokens_are_refused),
        cmocka_unit_test(control_characters_in_values_are_refused),
        cmocka_unit_test(value_must_be_a_string),
    };
    return cmocka_run_group_tests_name("header_rules", tests, NULL, NULL);
}
