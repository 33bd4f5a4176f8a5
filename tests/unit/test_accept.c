#include "api/accept.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char json[] = "application/json";
static const char lines[] = "application/x-ndjson";
static const char other_lines[] = "application/jsonl";

/* The values are those of several headers, separated by bars. */
static const char *choose(const char *const *types, size_t count, const char *values) {
    struct accept a;
    char value[200];
    accept_init(&a, types, count);
    for (const char *p = values; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
        assert_true(strcspn(p, "|") < sizeof value);
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(p, "|"), p);
        accept_read(&a, value);
    }
    size_t chosen = accept_choose(&a);
    return chosen == ACCEPT_NONE ? NULL : types[chosen];
}

static void assert_allows(const char *values) {
    const char *const types[] = {json};
    if (choose(types, 1, values) != json)
        fail_msg("excluded by: %s", values);
}

static void assert_excludes(const char *values) {
    const char *const types[] = {json};
    if (choose(types, 1, values))
        fail_msg("allowed by: %s", values);
}

static void assert_chooses(const char *type, const char *values) {
    const char *const types[] = {json, lines, other_lines};
    const char *chosen = choose(types, 3, values);
    if (chosen != type)
        fail_msg("%s gives %s", values, chosen ? chosen : "none");
}

TEST(no_header_allows_all) {
    const char *const types[] = {json, lines};
    struct accept a;
    accept_init(&a, types, 2);
    assert_int_equal(accept_choose(&a), 0);
}

TEST(header_that_names_nothing_is_as_none) {
    assert_allows("");
    assert_allows(" , ,\t");
    assert_chooses(json, "|");
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

TEST(highest_quality_is_chosen) {
    assert_chooses(json, "application/json, application/x-ndjson;q=0.9");
    assert_chooses(lines, "application/json;q=0.9, application/x-ndjson");
    assert_chooses(lines, "application/json;q=0.899, application/x-ndjson;q=0.9");
    assert_chooses(lines, "application/x-ndjson;q=0.001, application/json;q=0");
    assert_chooses(other_lines, "application/jsonl, application/x-ndjson;q=0.5, */*;q=0.1");
    assert_chooses(lines, "*/*, application/json;q=0.9");
    assert_chooses(lines, "*/*, application/json;q=0");
    assert_chooses(json, "application/json;q=0.3, */*;q=0.2");
}

TEST(of_equal_quality_the_one_named_most_exactly_is_chosen_then_the_first) {
    assert_chooses(json, "*/*");
    assert_chooses(json, "application/*");
    assert_chooses(json, "application/x-ndjson, application/json");
    assert_chooses(lines, "application/jsonl, application/x-ndjson");
    assert_chooses(lines, "application/x-ndjson");
    assert_chooses(lines, "application/x-ndjson, */*");
    assert_chooses(json, "application/x-ndjson;q=0.5, */*;q=0.7");
    assert_chooses(json, "application/json, text/plain, */*");
}

TEST(all_excluded_is_none) {
    assert_chooses(NULL, "text/html");
    assert_chooses(NULL, "application/x-ndjson;q=0");
    assert_chooses(NULL, "*/*;q=0");
}

TEST(several_headers_are_one_list) {
    assert_chooses(lines, "text/html|application/x-ndjson");
    assert_chooses(lines, "application/json;q=0.5|application/x-ndjson");
    assert_chooses(json, "application/x-ndjson;q=0.5||application/json");
    assert_chooses(NULL, "text/html|image/png");
}

TEST(quality_that_is_none_counts_as_if_it_were_not_there) {
    static const char *const weights[] = {"", ".", "x", "0x", "0.5x", "2", "10", "1.5", "-1", "1e3"};
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        char value[100];
        (void)snprintf(value, sizeof value, "application/json;q=0.999, application/x-ndjson;q=%s", weights[i]);
        assert_chooses(lines, value);
    }
    assert_chooses(json, "application/json;q=.5, application/x-ndjson;q=0.4999");
    assert_chooses(json, "application/json;q=0.4991, application/x-ndjson;q=0.4999"); /* three decimals count */
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
        cmocka_unit_test(header_that_names_nothing_is_as_none),
        cmocka_unit_test(type_is_found_anywhere_in_the_list),
        cmocka_unit_test(letters_of_either_case_are_the_same),
        cmocka_unit_test(ranges_allow_what_they_cover),
        cmocka_unit_test(other_types_exclude),
        cmocka_unit_test(quality_of_zero_excludes),
        cmocka_unit_test(quality_above_zero_allows),
        cmocka_unit_test(most_specific_range_decides_wherever_it_stands),
        cmocka_unit_test(quality_of_another_range_is_not_taken),
        cmocka_unit_test(highest_quality_is_chosen),
        cmocka_unit_test(of_equal_quality_the_one_named_most_exactly_is_chosen_then_the_first),
        cmocka_unit_test(all_excluded_is_none),
        cmocka_unit_test(several_headers_are_one_list),
        cmocka_unit_test(quality_that_is_none_counts_as_if_it_were_not_there),
        cmocka_unit_test(text_that_is_cut_short_does_no_harm),
    };
    return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
