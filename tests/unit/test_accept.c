#include "api/accept.h"

#include "unit.h"

static const char json[] = "application/json";

static void assert_allows(const char *accept) {
    if (!accept_allows(accept, json))
        fail_msg("excluded by: %s", accept);
}

static void assert_excludes(const char *accept) {
    if (accept_allows(accept, json))
        fail_msg("allowed by: %s", accept);
}

TEST(no_header_allows_all) {
    assert_true(accept_allows(NULL, json));
    assert_allows("");
}

TEST(type_is_found_anywhere_in_the_list) {
    assert_allows("application/json");
    assert_allows("text/html,application/json");
    assert_allows("text/html , \tapplication/json\t, text/plain");
    assert_allows(",,application/json,,");
    assert_allows("text/html;q=0.9,application/json;q=0.1,image/png");
}

TEST(letters_of_either_case_are_the_same) {
    assert_allows("APPLICATION/JSON");
    assert_allows("Application/*");
}

TEST(ranges_allow_what_they_cover) {
    assert_allows("*/*");
    assert_allows("application/*");
    assert_allows("text/html, application/xhtml+xml, image/*, */*;q=0.8");
    assert_allows("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2");
}

TEST(other_types_exclude) {
    static const char *const headers[] = {
        "text/html",
        "application/xml",
        "text/*",
        "application/jso",
        "application/json5",
        "application/jsonp",
        "application/problem+json",
        "xapplication/json",
        "application",
        "*",
        "text/html, text/*",
        "json",
        "*/json",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_excludes(headers[i]);
}

TEST(quality_of_zero_excludes) {
    static const char *const headers[] = {
        "application/json;q=0",      "application/json;q=0.0",   "application/json;q=0.000", "application/json; q=0",
        "application/json ;q=0",     "application/json;Q=0",     "application/json;\tq=0 ",  "*/*;q=0",
        "application/*;q=0.00, a/b", "application/json;v=1;q=0", "application/json;q=0;x=1",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_excludes(headers[i]);
}

TEST(quality_above_zero_allows) {
    static const char *const headers[] = {
        "application/json;q=0.001", "application/json;q=1",       "application/json;q=1.000", "*/*; q=0.1",
        "application/json;q=0.5",   "application/json;v=0;q=0.9", "application/json;v=0",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_allows(headers[i]);
}

TEST(most_specific_range_decides_wherever_it_stands) {
    assert_excludes("application/json;q=0, */*");
    assert_excludes("*/*, application/json;q=0");
    assert_excludes("*/*, application/*;q=0");
    assert_excludes("application/*;q=0, */*;q=1");
    assert_allows("application/*;q=0, application/json");
    assert_allows("application/json, application/*;q=0, */*;q=0");
    assert_allows("*/*;q=0, application/*;q=0.1");
}

TEST(quality_of_another_range_is_not_taken) {
    assert_allows("application/json,text/html;q=0");
    assert_allows("application/json;v=1,text/html;q=0");
    assert_excludes("application/json;q=0,text/html;q=1");
}

TEST(text_that_is_cut_short_does_no_harm) {
    assert_allows("application/json;");
    assert_allows("application/json;q");
    assert_allows("application/json;q=");
    assert_excludes(";");
    assert_excludes(";q=0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_header_allows_all),
        cmocka_unit_test(type_is_found_anywhere_in_the_list),
        cmocka_unit_test(letters_of_either_case_are_the_same),
        cmocka_unit_test(ranges_allow_what_they_cover),
        cmocka_unit_test(other_types_exclude),
        cmocka_unit_test(quality_of_zero_excludes),
        cmocka_unit_test(quality_above_zero_allows),
        cmocka_unit_test(most_specific_range_decides_wherever_it_stands),
        cmocka_unit_test(quality_of_another_range_is_not_taken),
        cmocka_unit_test(text_that_is_cut_short_does_no_harm),
    };
    return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
