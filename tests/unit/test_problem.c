#include "api/problem.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static void assert_pointer(const char *prefix, const char *name, const char *expected) {
    char pointer[PROBLEM_POINTER_BYTES];
    problem_pointer(pointer, prefix, name);
    assert_string_equal(pointer, expected);
}

static void assert_json(const struct problem *p, const char *text) {
    struct buf b;
    buf_init(&b, 100000);
    assert_int_equal(problem_json(p, &b), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    assert_string_equal(b.data, text);
    buf_fini(&b);
}

static void fill(char *text, size_t size, char c) {
    memset(text, c, size - 1);
    text[size - 1] = '\0';
}

TEST(pointers_name_the_field_behind_the_prefix) {
    assert_pointer("", "timeout", "/timeout");
    assert_pointer("/urls/3", "timeout", "/urls/3/timeout");
    assert_pointer("/3", "", "/3/");
}

TEST(tilde_and_slash_are_escaped) {
    assert_pointer("", "~", "/~0");
    assert_pointer("", "/", "/~1");
    assert_pointer("/0", "a/b~c~1", "/0/a~1b~0c~01");
    assert_pointer("", "\"\\ %", "/\"\\ %");
}

TEST(long_names_are_cut_to_the_room_there_is) {
    char name[1000], pointer[PROBLEM_POINTER_BYTES];
    for (size_t size = 2; size < sizeof name; size++) {
        fill(name, size, 'n');
        problem_pointer(pointer, "/urls/99999", name);
        assert_true(strlen(pointer) < sizeof pointer);
        assert_memory_equal(pointer, "/urls/99999/n", 13);
        assert_true(strlen(pointer) == 12 + strlen(name) || strlen(pointer) > sizeof pointer - 5);
    }
}

TEST(cut_pointers_have_no_half_escape) {
    char name[300], pointer[PROBLEM_POINTER_BYTES];
    for (size_t first = 0; first < 130; first++) {
        fill(name, sizeof name, '~');
        memset(name, 'a', first);
        problem_pointer(pointer, "", name);
        size_t len = strlen(pointer);
        assert_true(len < sizeof pointer);
        assert_true(pointer[len - 1] == '0' || pointer[len - 1] == 'a');
    }
}

TEST(long_prefixes_are_cut) {
    char prefix[200], pointer[PROBLEM_POINTER_BYTES];
    fill(prefix, sizeof prefix, 'p');
    problem_pointer(pointer, prefix, "name");
    assert_int_equal(strlen(pointer), 64 + strlen("/name"));
    assert_string_equal(pointer + 64, "/name");
}

TEST(first_problem_stays) {
    struct problem p = {0};
    problem_set(&p, 413, "%d bytes", 5);
    problem_set(&p, 400, "later");
    problem_add(&p, "/a", "later still");
    assert_int_equal(p.status, 413);
    assert_string_equal(p.detail, "5 bytes");
}

TEST(place_makes_it_a_422) {
    struct problem p = {0};
    problem_add(&p, "/urls/0/timeout", "%s must be %d", "timeout", 1);
    assert_int_equal(p.status, 422);
    assert_int_equal(p.error_count, 1);
    assert_string_equal(p.errors[0].pointer, "/urls/0/timeout");
    assert_string_equal(p.errors[0].detail, "timeout must be 1");
    assert_json(&p, "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
                    "\"detail\":\"the request is well-formed, but what it asks for is not valid\","
                    "\"errors\":[{\"pointer\":\"/urls/0/timeout\",\"detail\":\"timeout must be 1\"}]}");
}

TEST(only_the_first_ten_places_are_listed_but_all_are_counted) {
    struct problem p = {0};
    char pointer[20];
    for (int i = 0; i < 25; i++) {
        (void)snprintf(pointer, sizeof pointer, "/%d", i);
        problem_add(&p, pointer, "wrong");
    }
    assert_int_equal(p.error_count, 25);
    struct buf b;
    buf_init(&b, 100000);
    assert_int_equal(problem_json(&p, &b), ERR_NONE);
    assert_int_equal(buf_terminate(&b), ERR_NONE);
    assert_non_null(strstr(b.data, "{\"pointer\":\"/0\",\"detail\":\"wrong\"}"));
    assert_non_null(strstr(b.data, "{\"pointer\":\"/9\",\"detail\":\"wrong\"}]}"));
    assert_null(strstr(b.data, "\"/10\""));
    buf_fini(&b);
}

TEST(long_texts_are_cut) {
    char text[1000];
    struct problem p = {0};
    fill(text, sizeof text, 't');
    problem_add(&p, text, "%s", text);
    assert_int_equal(strlen(p.errors[0].pointer), PROBLEM_POINTER_BYTES - 1);
    assert_int_equal(strlen(p.errors[0].detail), PROBLEM_DETAIL_BYTES - 1);
    p = (struct problem){0};
    problem_set(&p, 400, "%s", text);
    assert_int_equal(strlen(p.detail), PROBLEM_DETAIL_BYTES - 1);
}

TEST(unknown_names_are_pointed_at) {
    struct problem p = {0};
    problem_add_unknown(&p, "/urls/7", "time/out");
    assert_int_equal(p.status, 422);
    assert_string_equal(p.errors[0].pointer, "/urls/7/time~1out");
    assert_string_equal(p.errors[0].detail, "there is nothing of this name");
}

TEST(document_without_places_has_no_errors) {
    struct problem p = {0};
    problem_set(&p, 404, "there is \"nothing\"");
    assert_json(&p, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                    "\"detail\":\"there is \\\"nothing\\\"\"}");
}

TEST(character_that_was_cut_does_not_break_the_document) {
    struct problem p = {0};
    problem_set(&p, 400, "the name '%.1s'", "\xC3\xA9");
    assert_json(&p, "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                    "\"detail\":\"the name '\xEF\xBF\xBD'\"}");
}

TEST(each_status_we_send_has_its_title) {
    static const int statuses[] = {400, 404, 405, 406, 413, 415, 422, 500, 501, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        assert_string_not_equal(problem_title(statuses[i]), "Error");
    assert_string_equal(problem_title(413), "Content Too Large");
    assert_string_equal(problem_title(418), "Error");
}

TEST(document_that_is_too_large_is_refused) {
    struct problem p = {0};
    struct buf b;
    problem_set(&p, 400, "a detail");
    buf_init(&b, 20);
    assert_int_equal(problem_json(&p, &b), ERR_LIMIT);
    buf_fini(&b);
}

static void write_document(void) {
    struct problem p = {0};
    struct buf b;
    buf_init(&b, 100000);
    for (int i = 0; i < 10; i++)
        problem_add(&p, "/some/pointer", "some detail");
    enum err err = problem_json(&p, &b);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    buf_fini(&b);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(write_document);
}

TEST(overload_says_when_to_come_back) {
    struct problem plain = {0}, told = {.retry_after_s = 7}, other = {0};
    problem_set(&plain, 503, "out of memory");
    problem_set(&told, 503, "the queue is full");
    problem_set(&other, 413, "too large");
    assert_int_equal(plain.retry_after_s, 1);
    assert_int_equal(told.retry_after_s, 7);
    assert_int_equal(other.retry_after_s, 0);
}

TEST(refusal_is_counted_by_its_status_or_by_what_is_known) {
    struct problem p = {0};
    assert_int_equal(problem_reason(&p), PROBLEM_OTHER);
    problem_set(&p, 429, "the quota is used up");
    assert_int_equal(problem_reason(&p), PROBLEM_QUOTA);
    p.reason = PROBLEM_CONNECTIONS;
    assert_int_equal(problem_reason(&p), PROBLEM_CONNECTIONS);
}

TEST(each_reason_has_its_name) {
    for (int i = 0; i < PROBLEM_REASON_COUNT; i++) {
        bool counted = i != PROBLEM_BY_STATUS && i != PROBLEM_NO_REFUSAL;
        assert_int_equal(problem_reason_name((enum problem_reason)i)[0] != '\0', counted);
    }
    assert_string_equal(problem_reason_name(PROBLEM_QUEUE_FULL), "queue_full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overload_says_when_to_come_back),
        cmocka_unit_test(pointers_name_the_field_behind_the_prefix),
        cmocka_unit_test(tilde_and_slash_are_escaped),
        cmocka_unit_test(long_names_are_cut_to_the_room_there_is),
        cmocka_unit_test(cut_pointers_have_no_half_escape),
        cmocka_unit_test(long_prefixes_are_cut),
        cmocka_unit_test(first_problem_stays),
        cmocka_unit_test(place_makes_it_a_422),
        cmocka_unit_test(only_the_first_ten_places_are_listed_but_all_are_counted),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(unknown_names_are_pointed_at),
        cmocka_unit_test(document_without_places_has_no_errors),
        cmocka_unit_test(character_that_was_cut_does_not_break_the_document),
        cmocka_unit_test(each_status_we_send_has_its_title),
        cmocka_unit_test(document_that_is_too_large_is_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(refusal_is_counted_by_its_status_or_by_what_is_known),
        cmocka_unit_test(each_reason_has_its_name),
    };
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
