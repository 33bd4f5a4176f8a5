#include "config/token_file.h"

#include "unit.h"
#include "unit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIGEST_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_2 "2222222222222222222222222222222222222222222222222222222222222222"

static struct token_file file;
static char error[TOKEN_FILE_ERROR_BYTES];

static int end(void **state) {
    (void)state;
    token_file_fini(&file);
    unit_file_remove();
    return 0;
}

static void take(const char *text) {
    token_file_fini(&file);
    if (token_file_parse("FILE", text, strlen(text), &file, error))
        fail_msg("refused: %s: %s", text, error);
}

static void refuse(const char *text, const char *expected) {
    struct token_file none;
    if (token_file_parse("FILE", text, strlen(text), &none, error) != ERR_INVALID)
        fail_msg("taken: %s", text);
    assert_string_equal(error, expected);
}

/* Behind a name and a digest. */
static void refuse_rest(const char *rest, const char *reason) {
    char text[200], expected[200];
    (void)snprintf(text, sizeof text, "a " DIGEST_1 " %s\n", rest);
    (void)snprintf(expected, sizeof expected, "FILE:1: %s", reason);
    refuse(text, expected);
}

TEST(line_holds_name_digest_and_limits) {
    take("crawler " DIGEST_1 " max_urls=10 max_in_flight=1000000000 urls_per_minute=1 scopes=metrics,fetch\n");
    assert_int_equal(file.count, 1);
    const struct token *t = &file.tokens[0];
    assert_string_equal(t->name, "crawler");
    assert_int_equal(t->digest[0], 0x11);
    assert_int_equal(t->digest[31], 0x11);
    assert_int_equal(t->scopes, TOKEN_SCOPE_FETCH | TOKEN_SCOPE_METRICS);
    assert_int_equal(t->limits.max_urls, 10);
    assert_int_equal(t->limits.max_in_flight, 1000000000);
    assert_int_equal(t->limits.urls_per_minute, 1);
}

TEST(line_without_more_may_fetch_without_limits) {
    take("A-b_c.9 " DIGEST_1);
    const struct token_limits none = {0};
    assert_string_equal(file.tokens[0].name, "A-b_c.9");
    assert_int_equal(file.tokens[0].scopes, TOKEN_SCOPE_FETCH);
    assert_memory_equal(&file.tokens[0].limits, &none, sizeof none);
}

TEST(blanks_comments_and_carriage_returns_are_skipped) {
    take("# a comment\n\n  \t\r\n\t#another " DIGEST_1 "\n \ta\t " DIGEST_1 " \tscopes=hosts \r\n\nb " DIGEST_2 "\r\n");
    assert_int_equal(file.count, 2);
    assert_string_equal(file.tokens[0].name, "a");
    assert_int_equal(file.tokens[0].scopes, TOKEN_SCOPE_HOSTS);
    assert_string_equal(file.tokens[1].name, "b");
}

TEST(file_may_be_empty) {
    take("");
    assert_int_equal(file.count, 0);
    take("# nobody\n");
    assert_int_equal(file.count, 0);
}

TEST(anonymous_has_limits_but_no_digest) {
    take("anonymous - urls_per_minute=60\na " DIGEST_1 "\n");
    assert_int_equal(file.count, 1);
    assert_true(file.anonymous_is_given && token_is_anonymous(&file.anonymous));
    assert_int_equal(file.anonymous.limits.urls_per_minute, 60);
    assert_int_equal(file.anonymous.scopes, TOKEN_SCOPE_FETCH);
    take("a " DIGEST_1);
    assert_true(!file.anonymous_is_given && token_is_anonymous(&file.anonymous));
    assert_int_equal(file.anonymous.limits.urls_per_minute, 0);
    assert_int_equal(file.anonymous.scopes, TOKEN_SCOPE_FETCH);
    refuse("anonymous " DIGEST_1, "FILE:1: anonymous has no token: put '-' in the place of a digest");
    refuse("anonymous -\nanonymous -", "FILE:2: anonymous is there twice");
}

TEST(wrong_names_are_refused) {
    const char *must = "FILE:1: the name must be up to 48 letters, digits, '.', '_' and '-'";
    refuse("a/b " DIGEST_1, must);
    refuse("\xC3\xA9 " DIGEST_1, must);
    refuse("a= " DIGEST_1, must);
    refuse("1234567890123456789012345678901234567890123456789 " DIGEST_1, must);
    take("123456789012345678901234567890123456789012345678 " DIGEST_1);
}

TEST(wrong_digests_are_refused) {
    const char *must = "FILE:2: the digest must be 64 hex digits";
    refuse("\na " DIGEST_1 "1", must);
    refuse("\na 111", must);
    refuse("\na -", must);
    refuse("\na sha256:" DIGEST_1, must);
    refuse("#\na", "FILE:2: there is no digest behind the name");
}

TEST(wrong_limits_are_refused) {
    static const char *const numbers[] = {"",   "0",  "-1", "+1", "1.5", "1e3",   "0x10",    "007",
                                          "1k", "1,", "=1", "--", "NaN", "1\x01", "1000001", "99999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char rest[64];
        (void)snprintf(rest, sizeof rest, "max_urls=%s", numbers[i]);
        refuse_rest(rest, "max_urls must be a whole number from 1 to 1000000");
    }
    refuse_rest("max_in_flight=1000000001", "max_in_flight must be a whole number from 1 to 1000000000");
    refuse_rest("urls_per_minute=1000000001", "urls_per_minute must be a whole number from 1 to 1000000000");
}

TEST(wrong_scopes_are_refused) {
    static const char *const lists[] = {"",    ",", "fetch,", ",fetch", "fetch,,hosts", "fetch,fetch",
                                        "all", "*", "Fetch",  "fetc",   "fetch;hosts"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char rest[64];
        (void)snprintf(rest, sizeof rest, "scopes=%s", lists[i]);
        refuse_rest(rest, "scopes must be some of fetch,drill,jobs,hosts,metrics, each once");
    }
}

TEST(unknown_and_doubled_keys_are_refused) {
    const char *unknown = "an unknown key: there are max_urls, max_in_flight, urls_per_minute and scopes";
    refuse_rest("max_url=1", unknown);
    refuse_rest("max_urlss=1", unknown);
    refuse_rest("MAX_URLS=1", unknown);
    refuse_rest("scope=fetch", unknown);
    refuse_rest("=1", unknown);
    refuse_rest("max_urls", "what follows the digest must be key=value");
    refuse_rest("# a comment", "what follows the digest must be key=value");
    refuse_rest("max_urls=1 max_urls=1", "max_urls is given twice");
    refuse_rest("scopes=fetch scopes=fetch", "scopes are given twice");
}

TEST(names_and_digests_stand_there_once) {
    refuse("a " DIGEST_1 "\nb " DIGEST_2 "\na 3333333333333333333333333333333333333333333333333333333333333333",
           "FILE:3: the name a is there twice");
    refuse("a " DIGEST_1 "\n\nb " DIGEST_1, "FILE:3: b has the digest of a");
}

/* Wherever a token itself was put, the message does not have it. */
TEST(errors_do_not_show_what_may_be_a_token) {
    static const char *const texts[] = {"fp_SECRETsecretSECRETsecretSECRETsecretSECRETsecr " DIGEST_1,
                                        "a fp_SECRETsecretSECRETsecretSECRETsecretSECRETsecr",
                                        "a " DIGEST_1 " fp_SECRETsecretSECRETsecretSECRETsecretSECRETsecr",
                                        "a " DIGEST_1 " fp_SECRETsecretSECRETsecretSECRETsecretSECRETsecr=1",
                                        "a " DIGEST_1 " token=fp_SECRETsecretSECRETsecretSECRETsecretSECRETsecr",
                                        "SECRET/secret " DIGEST_1,
                                        "SECRET-secret"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct token_file none;
        assert_int_equal(token_file_parse("FILE", texts[i], strlen(texts[i]), &none, error), ERR_INVALID);
        if (strcasestr(error, "secret"))
            fail_msg("%s", error);
    }
}

TEST(lines_have_a_limit_and_no_nul) {
    char line[2000];
    memset(line, ' ', sizeof line);
    memcpy(line, "a", 1);
    struct token_file none;
    assert_int_equal(token_file_parse("FILE", line, sizeof line, &none, error), ERR_INVALID);
    assert_string_equal(error, "FILE:1: the line is longer than 1023 bytes");
    assert_int_equal(token_file_parse("FILE", "\na\0b", 4, &none, error), ERR_INVALID);
    assert_string_equal(error, "FILE:2: the line has a NUL byte");
    assert_int_equal(token_file_parse("FILE", "\0", 1, &none, error), ERR_INVALID);
}

static char *many(size_t count) {
    char *text = malloc(count * 100);
    size_t len = 0;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, count * 100 - len, "t%zu %064zx\n", i, i);
    return text;
}

TEST(tokens_have_a_limit) {
    char *text = many(TOKEN_FILE_MAX_TOKENS);
    take(text);
    assert_int_equal(file.count, TOKEN_FILE_MAX_TOKENS);
    free(text);
    text = many(TOKEN_FILE_MAX_TOKENS + 1);
    refuse(text, "FILE:1001: more than 1000 tokens");
    free(text);
}

TEST(file_is_read_and_errors_name_it) {
    const char *path = unit_file_write_text("a " DIGEST_1 "\n");
    char expected[TOKEN_FILE_ERROR_BYTES];
    token_file_fini(&file);
    assert_int_equal(token_file_read(path, &file, error), ERR_NONE);
    assert_int_equal(file.count, 1);
    assert_false(file.writable_by_all);
    token_file_fini(&file);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(token_file_read(path, &file, error), ERR_NONE);
    assert_true(file.writable_by_all);
    token_file_fini(&file);
    path = unit_file_write_text("a\n");
    (void)snprintf(expected, sizeof expected, "%s:1: there is no digest behind the name", path);
    assert_int_equal(token_file_read(path, &file, error), ERR_INVALID);
    assert_string_equal(error, expected);
    assert_int_equal(token_file_read("/nonexistent/tokens", &file, error), ERR_IO);
    assert_string_equal(error, "/nonexistent/tokens: No such file or directory");
    assert_int_equal(token_file_read("/proc", &file, error), ERR_IO);
    assert_string_equal(error, "/proc: Is a directory");
}

TEST(file_without_end_is_refused) {
    assert_int_equal(token_file_read("/dev/zero", &file, error), ERR_INVALID);
    assert_string_equal(error, "/dev/zero: larger than 1024000 bytes");
}

static void read_three(void) {
    struct token_file f;
    const char *text = "a " DIGEST_1 "\nb " DIGEST_2 "\nanonymous -\n";
    enum err err = token_file_parse("FILE", text, strlen(text), &f, error);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    if (!err)
        token_file_fini(&f);
}

TEST(lack_of_memory_is_an_error) {
    unit_fail_each_allocation(read_three);
}

TEST(scopes_have_names) {
    assert_string_equal(token_scope_name(TOKEN_SCOPE_FETCH), "fetch");
    assert_string_equal(token_scope_name(TOKEN_SCOPE_METRICS), "metrics");
    assert_string_equal(token_scope_name((enum token_scope)0), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_holds_name_digest_and_limits),
        cmocka_unit_test(line_without_more_may_fetch_without_limits),
        cmocka_unit_test(blanks_comments_and_carriage_returns_are_skipped),
        cmocka_unit_test(file_may_be_empty),
        cmocka_unit_test(anonymous_has_limits_but_no_digest),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(wrong_digests_are_refused),
        cmocka_unit_test(wrong_limits_are_refused),
        cmocka_unit_test(wrong_scopes_are_refused),
        cmocka_unit_test(unknown_and_doubled_keys_are_refused),
        cmocka_unit_test(names_and_digests_stand_there_once),
        cmocka_unit_test(errors_do_not_show_what_may_be_a_token),
        cmocka_unit_test(lines_have_a_limit_and_no_nul),
        cmocka_unit_test(tokens_have_a_limit),
        cmocka_unit_test(file_is_read_and_errors_name_it),
        cmocka_unit_test(file_without_end_is_refused),
        cmocka_unit_test(lack_of_memory_is_an_error),
        cmocka_unit_test(scopes_have_names),
    };
    return cmocka_run_group_tests_name("token_file", tests, NULL, end);
}
