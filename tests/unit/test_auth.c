#include "api/auth.h"

#include "unit.h"
#include "unit_file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* The digests of "alpha" and "beta". */
#define ALPHA "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"
#define BETA "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753"

static struct auth *auth;
static struct auth_pass pass;
static struct problem problem;
static char error[TOKEN_FILE_ERROR_BYTES];

static struct auth_policy *policy_of(const char *text, bool allow_anonymous) {
    struct auth_policy *policy;
    const char *path = text ? unit_file_write_text(text) : "";
    assert_int_equal(auth_prepare(path, allow_anonymous, &policy, error), ERR_NONE);
    return policy;
}

static void begin_with(const char *text, bool allow_anonymous) {
    assert_null(auth);
    assert_int_equal(auth_create(policy_of(text, allow_anonymous), &auth), ERR_NONE);
}

static int end(void **state) {
    (void)state;
    auth_leave(&pass);
    auth_destroy(auth);
    auth = NULL;
    unit_file_remove();
    return 0;
}

static enum auth_verdict admit(const char *value, unsigned scopes) {
    const struct auth_claim claim = {.value = value, .count = value != NULL};
    auth_leave(&pass);
    problem = (struct problem){0};
    return auth_admit(auth, &claim, scopes, &pass, &problem);
}

static void assert_admitted(const char *value, unsigned scopes, const char *name) {
    if (admit(value, scopes) != AUTH_ADMITTED)
        fail_msg("refused: %s: %s", value ? value : "nothing", problem.detail);
    assert_int_equal(problem.status, 0);
    if (name)
        assert_string_equal(auth_pass_name(&pass), name);
    else
        assert_null(auth_pass_name(&pass));
}

static void assert_refused(enum auth_verdict verdict, const char *value, unsigned scopes, int status,
                           const char *challenge) {
    enum auth_verdict found = admit(value, scopes);
    if (found != verdict || problem.status != status)
        fail_msg("%d, status %d: %s", (int)found, problem.status, value ? value : "nothing");
    assert_string_equal(problem.authenticate, challenge);
    assert_null(pass.account);
}

static void assert_401(const char *value) {
    assert_refused(AUTH_REFUSED, value, TOKEN_SCOPE_FETCH, 401, "Bearer realm=\"fetchpool\"");
}

TEST(without_a_file_nobody_is_asked) {
    begin_with(NULL, false);
    assert_admitted(NULL, TOKEN_SCOPE_HOSTS, NULL);
    assert_admitted("Bearer whatever", TOKEN_SCOPE_HOSTS, NULL);
    assert_admitted("nonsense", (unsigned)AUTH_ANY_SCOPE, NULL);
}

TEST(without_authorisation_nobody_is_asked) {
    assert_int_equal(admit(NULL, TOKEN_SCOPE_HOSTS), AUTH_ADMITTED);
}

TEST(open_routes_need_nothing) {
    begin_with("a " ALPHA, false);
    assert_admitted(NULL, AUTH_OPEN, NULL);
    assert_admitted("Bearer wrong", AUTH_OPEN, NULL);
}

TEST(token_opens_what_its_scopes_say) {
    begin_with("a " ALPHA "\nb " BETA " scopes=hosts,metrics\n", false);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_admitted("Bearer alpha", (unsigned)AUTH_ANY_SCOPE, "a");
    assert_admitted("Bearer beta", TOKEN_SCOPE_HOSTS, "b");
    assert_admitted("Bearer beta", TOKEN_SCOPE_METRICS, "b");
    assert_refused(AUTH_REFUSED, "Bearer alpha", TOKEN_SCOPE_HOSTS, 403,
                   "Bearer realm=\"fetchpool\", error=\"insufficient_scope\", scope=\"hosts\"");
    assert_refused(AUTH_REFUSED, "Bearer beta", TOKEN_SCOPE_FETCH, 403,
                   "Bearer realm=\"fetchpool\", error=\"insufficient_scope\", scope=\"fetch\"");
}

TEST(without_a_token_it_is_a_401) {
    begin_with("a " ALPHA, false);
    assert_401(NULL);
}

TEST(wrong_tokens_are_told_apart) {
    static const char *const values[] = {"Bearer beta",   "Bearer alph",     "Bearer alphaa", "Bearer ALPHA",
                                         "Bearer alpha=", ("Bearer " ALPHA), "Bearer a"};
    begin_with("a " ALPHA, false);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_refused(AUTH_WRONG_TOKEN, values[i], TOKEN_SCOPE_FETCH, 401,
                       "Bearer realm=\"fetchpool\", error=\"invalid_token\"");
}

TEST(scheme_is_bearer_in_any_case_and_one_blank) {
    static const char *const wrong[] = {"",
                                        "Bearer",
                                        "Bearer ",
                                        "alpha",
                                        "Basic alpha",
                                        "Bearer  alpha",
                                        "Bearer\talpha",
                                        " Bearer alpha",
                                        "Bearer alpha ",
                                        "Bearer al pha",
                                        "Bearer alpha, Bearer alpha",
                                        "Bearer \"alpha\"",
                                        "Bearer: alpha",
                                        "Beareralpha",
                                        "Bearer ===",
                                        "Bearer alpha\x80",
                                        "Bearer =alpha",
                                        "Bearer token=alpha x"};
    begin_with("a " ALPHA, false);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_admitted("bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_admitted("BEARER alpha", TOKEN_SCOPE_FETCH, "a");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_401(wrong[i]);
}

TEST(long_tokens_are_refused_before_they_are_looked_at) {
    char value[2000];
    begin_with("a " ALPHA, false);
    (void)snprintf(value, sizeof value, "Bearer %0*d", TOKEN_MAX_LEN, 0);
    assert_refused(AUTH_WRONG_TOKEN, value, TOKEN_SCOPE_FETCH, 401,
                   "Bearer realm=\"fetchpool\", error=\"invalid_token\"");
    (void)snprintf(value, sizeof value, "Bearer %0*d", TOKEN_MAX_LEN + 1, 0);
    assert_401(value);
}

TEST(two_authorisations_are_a_400) {
    const struct auth_claim claim = {.value = "Bearer alpha", .count = 2};
    begin_with("a " ALPHA, true);
    problem = (struct problem){0};
    assert_int_equal(auth_admit(auth, &claim, TOKEN_SCOPE_FETCH, &pass, &problem), AUTH_REFUSED);
    assert_int_equal(problem.status, 400);
}

TEST(anonymous_requests_may_be_allowed) {
    begin_with("a " ALPHA, true);
    assert_admitted(NULL, TOKEN_SCOPE_FETCH, NULL);
    assert_refused(AUTH_REFUSED, NULL, TOKEN_SCOPE_HOSTS, 401, "Bearer realm=\"fetchpool\"");
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_refused(AUTH_WRONG_TOKEN, "Bearer beta", TOKEN_SCOPE_FETCH, 401,
                   "Bearer realm=\"fetchpool\", error=\"invalid_token\"");
    assert_401("Basic YTpi");
}

TEST(anonymous_scopes_and_limits_come_from_its_line) {
    begin_with("anonymous - scopes=metrics max_urls=3", true);
    assert_admitted(NULL, TOKEN_SCOPE_METRICS, NULL);
    assert_int_equal(pass.limits.max_urls, 3);
    assert_401(NULL);
}

TEST(line_for_anonymous_alone_lets_nobody_in) {
    begin_with("anonymous -", false);
    assert_401(NULL);
}

TEST(new_policy_holds_from_the_next_request_on) {
    begin_with("a " ALPHA " max_urls=1", false);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    auth_apply(auth, policy_of("a " ALPHA " max_urls=2\nb " BETA, false));
    assert_string_equal(auth_pass_name(&pass), "a");
    assert_int_equal(pass.limits.max_urls, 1);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_int_equal(pass.limits.max_urls, 2);
    assert_admitted("Bearer beta", TOKEN_SCOPE_FETCH, "b");
    auth_apply(auth, policy_of("a " ALPHA, false));
    assert_string_equal(auth_pass_name(&pass), "b");
    assert_refused(AUTH_WRONG_TOKEN, "Bearer beta", TOKEN_SCOPE_FETCH, 401,
                   "Bearer realm=\"fetchpool\", error=\"invalid_token\"");
    auth_apply(auth, policy_of(NULL, false));
    assert_admitted(NULL, TOKEN_SCOPE_HOSTS, NULL);
}

TEST(account_stays_with_its_name) {
    begin_with("a " ALPHA, false);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    struct auth_pass first = pass;
    pass = (struct auth_pass){0};
    auth_apply(auth, policy_of("b " ALPHA "\na " BETA, false));
    assert_admitted("Bearer beta", TOKEN_SCOPE_FETCH, "a");
    assert_ptr_equal(pass.account, first.account);
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "b");
    assert_ptr_not_equal(pass.account, first.account);
    auth_apply(auth, policy_of("", false)); /* removed, and there again: who still holds it keeps it alive */
    auth_apply(auth, policy_of("a " ALPHA, false));
    assert_admitted("Bearer alpha", TOKEN_SCOPE_FETCH, "a");
    assert_ptr_equal(pass.account, first.account);
    auth_leave(&first);
}

TEST(all_of_a_full_file_are_found) {
    static char text[TOKEN_FILE_MAX_TOKENS * 90];
    size_t len = 0;
    unsigned char digest[TOKEN_DIGEST_BYTES];
    char hex[TOKEN_DIGEST_HEX_BYTES], value[32], name[16];
    for (int i = 0; i < TOKEN_FILE_MAX_TOKENS; i++) {
        (void)snprintf(value, sizeof value, "secret%d", i);
        assert_int_equal(token_digest(value, strlen(value), digest), ERR_NONE);
        token_digest_hex(digest, hex);
        len += (size_t)snprintf(text + len, sizeof text - len, "n%d %s\n", i, hex);
    }
    begin_with(text, false);
    for (int i = 0; i < TOKEN_FILE_MAX_TOKENS; i++) {
        (void)snprintf(value, sizeof value, "Bearer secret%d", i);
        (void)snprintf(name, sizeof name, "n%d", i);
        assert_admitted(value, TOKEN_SCOPE_FETCH, name);
    }
}

TEST(policies_say_whether_they_are_open) {
    struct auth_policy *policies[] = {policy_of(NULL, false), policy_of(NULL, true), policy_of("a " ALPHA, false),
                                      policy_of("a " ALPHA, true)};
    static const bool open[] = {true, true, false, true};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(auth_policy_is_open(policies[i]), open[i]);
        assert_int_equal(auth_policy_count(policies[i]), i / 2);
        auth_policy_destroy(policies[i]);
    }
}

TEST(broken_file_makes_no_policy) {
    struct auth_policy *policy;
    assert_int_equal(auth_prepare(unit_file_write_text("a b"), false, &policy, error), ERR_INVALID);
    assert_non_null(strstr(error, ":1: "));
    assert_int_equal(auth_prepare("/nonexistent", false, &policy, error), ERR_IO);
}

TEST(wrong_tokens_are_told_every_ten_seconds_at_most) {
    begin_with("a " ALPHA, false);
    assert_int_equal(auth_count_wrong(auth, 0), 1);
    assert_int_equal(auth_count_wrong(auth, 1), 0);
    assert_int_equal(auth_count_wrong(auth, 9999), 0);
    assert_int_equal(auth_count_wrong(auth, 10000), 3);
    assert_int_equal(auth_count_wrong(auth, 30000), 1);
}

static atomic_bool stop;

static void *ask(void *arg) {
    const struct auth_claim claim = {.value = arg, .count = arg != NULL};
    intptr_t refused = 0;
    while (!atomic_load(&stop)) {
        struct auth_pass own = {0};
        struct problem p = {0};
        refused += auth_admit(auth, &claim, TOKEN_SCOPE_FETCH, &own, &p) != AUTH_ADMITTED;
        auth_leave(&own);
    }
    return (void *)refused;
}

TEST(nobody_who_may_is_refused_while_policies_change) {
    pthread_t threads[2];
    void *refused;
    char value[] = "Bearer alpha";
    begin_with("a " ALPHA, true);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&threads[0], NULL, ask, value), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, ask, NULL), 0);
    for (int i = 0; i < 300; i++)
        auth_apply(auth, policy_of(i % 3 == 0 ? NULL : i % 3 == 1 ? "b " BETA "\na " ALPHA : "a " ALPHA, true));
    atomic_store(&stop, true);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &refused), 0);
        assert_null(refused);
    }
}

static const char *file_path;

static void make(void) {
    struct auth_policy *policy, *next;
    if (auth_prepare(file_path, false, &policy, error))
        return;
    if (auth_create(policy, &auth)) {
        auth_policy_destroy(policy);
        return;
    }
    if (auth_prepare(file_path, false, &next, error) == ERR_NONE)
        auth_apply(auth, next);
    auth_destroy(auth);
    auth = NULL;
}

TEST(lack_of_memory_is_an_error) {
    file_path = unit_file_write_text("a " ALPHA "\nb " BETA);
    unit_fail_each_allocation(make);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_file_nobody_is_asked, end),
        cmocka_unit_test_teardown(without_authorisation_nobody_is_asked, end),
        cmocka_unit_test_teardown(open_routes_need_nothing, end),
        cmocka_unit_test_teardown(token_opens_what_its_scopes_say, end),
        cmocka_unit_test_teardown(without_a_token_it_is_a_401, end),
        cmocka_unit_test_teardown(wrong_tokens_are_told_apart, end),
        cmocka_unit_test_teardown(scheme_is_bearer_in_any_case_and_one_blank, end),
        cmocka_unit_test_teardown(long_tokens_are_refused_before_they_are_looked_at, end),
        cmocka_unit_test_teardown(two_authorisations_are_a_400, end),
        cmocka_unit_test_teardown(anonymous_requests_may_be_allowed, end),
        cmocka_unit_test_teardown(anonymous_scopes_and_limits_come_from_its_line, end),
        cmocka_unit_test_teardown(line_for_anonymous_alone_lets_nobody_in, end),
        cmocka_unit_test_teardown(new_policy_holds_from_the_next_request_on, end),
        cmocka_unit_test_teardown(account_stays_with_its_name, end),
        cmocka_unit_test_teardown(all_of_a_full_file_are_found, end),
        cmocka_unit_test_teardown(policies_say_whether_they_are_open, end),
        cmocka_unit_test_teardown(broken_file_makes_no_policy, end),
        cmocka_unit_test_teardown(wrong_tokens_are_told_every_ten_seconds_at_most, end),
        cmocka_unit_test_teardown(nobody_who_may_is_refused_while_policies_change, end),
        cmocka_unit_test_teardown(lack_of_memory_is_an_error, end),
    };
    return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
