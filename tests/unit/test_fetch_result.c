#include "pool/fetch_result.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

TEST(new_result_holds_nothing) {
    struct fetch_result r;
    fetch_result_init(&r);
    assert_int_equal(r.error, FETCH_OK);
    assert_string_equal(r.error_text, "");
    assert_string_equal(r.connection.http_version, "");
    assert_int_equal(r.redirect_count, 0);
    fetch_result_fini(&r);
}

TEST(failure_without_words_has_those_of_its_error) {
    struct fetch_result r;
    fetch_result_init(&r);
    r.status = 200;
    r.size_bytes = 5;
    fetch_result_fail(&r, FETCH_DNS, NULL);
    assert_int_equal(r.error, FETCH_DNS);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.size_bytes, 0);
    assert_string_equal(r.error_text, fetch_error_phrase(FETCH_DNS));
    fetch_result_fail(&r, FETCH_TLS, "");
    assert_string_equal(r.error_text, fetch_error_phrase(FETCH_TLS));
    fetch_result_fail(&r, FETCH_TLS, "said so");
    assert_string_equal(r.error_text, "said so");
    fetch_result_fini(&r);
}

TEST(long_words_are_cut) {
    struct fetch_result r;
    char text[2 * FETCH_ERROR_TEXT_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    fetch_result_init(&r);
    fetch_result_fail(&r, FETCH_TLS, text);
    assert_int_equal(strlen(r.error_text), FETCH_ERROR_TEXT_BYTES - 1);
    fetch_result_fini(&r);
}

TEST(redirects_are_kept_in_their_order) {
    struct fetch_result r;
    char url[] = "http://a/0", location[] = "/0";
    fetch_result_init(&r);
    for (int i = 0; i < 9; i++) {
        url[9] = location[1] = (char)('0' + i);
        assert_int_equal(fetch_result_add_redirect(&r, url, 301 + i, location), ERR_NONE);
    }
    assert_int_equal(r.redirect_count, 9);
    for (int i = 0; i < 9; i++) {
        url[9] = location[1] = (char)('0' + i);
        assert_string_equal(r.redirects[i].url, url);
        assert_string_equal(r.redirects[i].location, location);
        assert_int_equal(r.redirects[i].status, 301 + i);
    }
    fetch_result_fini(&r);
}

TEST(finished_result_can_be_used_again) {
    struct fetch_result r;
    fetch_result_init(&r);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fetch_result_add_redirect(&r, "http://a/", 302, "/b"), ERR_NONE);
        assert_int_equal(buf_append_text(&r.body, "body"), ERR_NONE);
        assert_int_equal(buf_append_text(&r.headers, "name"), ERR_NONE);
        r.final_url = strdup("http://a/b");
        fetch_result_fail(&r, FETCH_RECV, NULL);
        fetch_result_fini(&r);
        assert_int_equal(r.error, FETCH_OK);
        assert_int_equal(r.redirect_count, 0);
        assert_int_equal(r.body.len + r.headers.len, 0);
        assert_null(r.final_url);
    }
}

static void add_redirects(void) {
    struct fetch_result r;
    fetch_result_init(&r);
    size_t added = 0;
    for (int i = 0; i < 3; i++) {
        enum err err = fetch_result_add_redirect(&r, "http://a/", 302, "/b");
        assert_true(err == ERR_NONE || err == ERR_NOMEM);
        added += err == ERR_NONE;
    }
    assert_int_equal(r.redirect_count, added);
    fetch_result_fini(&r);
}

TEST(redirect_without_memory_is_not_added) {
    unit_fail_each_allocation(add_redirects);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_result_holds_nothing),
        cmocka_unit_test(failure_without_words_has_those_of_its_error),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(redirects_are_kept_in_their_order),
        cmocka_unit_test(finished_result_can_be_used_again),
        cmocka_unit_test(redirect_without_memory_is_not_added),
    };
    return cmocka_run_group_tests_name("fetch_result", tests, NULL, NULL);
}
