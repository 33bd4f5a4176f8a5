#include "cli/remote_address.h"

#include "unit.h"
#include "unit_file.h"

#include <stdlib.h>
#include <string.h>

static struct remote_address address;
static char error[CLI_ERROR_BYTES];

static enum err read_address(const char *server, const char *token_file) {
    const struct cli_options options = {.server = server, .token_file = token_file};
    return remote_address_read(&options, &address, error);
}

static void assert_url(const char *server, const char *url) {
    assert_int_equal(read_address(server, NULL), ERR_NONE);
    assert_string_equal(address.url, url);
}

TEST(an_address_leads_to_fetch) {
    assert_url("http://127.0.0.1:8080", "http://127.0.0.1:8080/fetch");
    assert_url("https://fetch.example/base/", "https://fetch.example/base/fetch");
    assert_url("127.0.0.1:8080", "http://127.0.0.1:8080/fetch");
    assert_url("unix:/run/fetchpool/socket", "http://localhost/fetch");
    assert_string_equal(address.socket, "/run/fetchpool/socket");
}

TEST(what_is_no_address_is_refused) {
    static const char *const wrong[] = {"unix:relative", "ftp://a/",    "http://",     "http://user:x@a/",
                                        "http://a/?b",   "http://a b/", "http://a:x/", "unix:"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        error[0] = '\0';
        assert_int_equal(read_address(wrong[i], NULL), ERR_INVALID);
        assert_true(error[0]);
    }
}

TEST(a_token_comes_from_the_environment_or_a_file) {
    assert_int_equal(setenv("FETCHPOOL_TOKEN", "fp_one", 1), 0);
    assert_int_equal(read_address("a:1", NULL), ERR_NONE);
    assert_string_equal(address.token, "fp_one");
    assert_int_equal(read_address("a:1", unit_file_write_text("fp_two\n")), ERR_NONE);
    assert_string_equal(address.token, "fp_two");
    assert_int_equal(unsetenv("FETCHPOOL_TOKEN"), 0);
    assert_int_equal(read_address("a:1", NULL), ERR_NONE);
    assert_string_equal(address.token, "");
}

TEST(what_is_no_token_is_refused) {
    assert_int_equal(read_address("a:1", unit_file_write_text("two words")), ERR_INVALID);
    assert_int_equal(read_address("a:1", unit_file_write_text("\n")), ERR_INVALID);
    assert_int_equal(read_address("a:1", unit_file_write_text("a\r\nX: y")), ERR_INVALID);
    unit_file_remove();
    assert_int_equal(read_address("a:1", "/no/such/file"), ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_leads_to_fetch),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_token_comes_from_the_environment_or_a_file),
        cmocka_unit_test(what_is_no_token_is_refused),
    };
    return cmocka_run_group_tests_name("remote_address", tests, NULL, NULL);
}
