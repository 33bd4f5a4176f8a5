#include "api/site_check.h"
#include "unit.h"

#include <string.h>

/* What browsers and other clients send. */
struct ask {
    const char *method;
    const char *host;
    const char *origin;
    const char *site;
    const char *mode;
    const char *dest;
};

static const struct ask *asked;
static bool local;
static bool known;
static char *hosts[] = {(char[]){"fetchpool"}, (char[]){"pool.example"}};
static char *origins[] = {(char[]){"https://app.example"}, (char[]){"http://localhost:3000"}};
static char *addresses[] = {(char[]){"myhost:8080"}, (char[]){"[::1]:8080"}, (char[]){"unix:/run/x"}};
static char *any[] = {(char[]){"*"}};
static struct settings settings;
static const char *allowed;

const char *__wrap_request_header(const struct request *r, const char *name);
bool __wrap_request_is_local(const struct request *r);

const char *__wrap_request_header(const struct request *r, const char *name) {
    const struct {
        const char *name;
        const char *value;
    } headers[] = {{"Host", asked->host},
                   {"Origin", asked->origin},
                   {"Sec-Fetch-Site", asked->site},
                   {"Sec-Fetch-Mode", asked->mode},
                   {"Sec-Fetch-Dest", asked->dest}};
    (void)r;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

bool __wrap_request_is_local(const struct request *r) {
    (void)r;
    return local;
}

static int begin(void **state) {
    (void)state;
    local = false;
    known = false;
    settings = (struct settings){0};
    settings.server.listen = (struct settings_list){addresses, 3};
    settings.server.allowed_hosts = (struct settings_list){hosts, 2};
    settings.server.allowed_origins = (struct settings_list){origins, 2};
    return 0;
}

static int host_status(const char *host) {
    const struct ask ask = {.method = "GET", .host = host};
    const struct request r = {.method = ask.method};
    struct problem problem = {0};
    asked = &ask;
    bool fine = site_check_host(&r, &settings, known, &problem);
    assert_int_equal(fine, problem.status == 0);
    return problem.status;
}

static int page_status(const struct ask *ask) {
    const struct request r = {.method = ask->method ? ask->method : "POST"};
    struct problem problem = {0};
    asked = ask;
    bool fine = site_check_origin(&r, &settings, &allowed, &problem);
    assert_int_equal(fine, problem.status == 0);
    return problem.status;
}

TEST(addresses_localhost_and_known_names_are_ours) {
    static const char *const fine[] = {"127.0.0.1:8080", "10.0.0.1",    "[::1]:9000", "localhost",
                                       "localhost:9000", "a.localhost", "fetchpool",  "FETCHPOOL.:9000",
                                       "pool.example",   "myhost",      "MyHost:9000"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        assert_int_equal(host_status(fine[i]), 0);
}

TEST(a_name_that_leads_here_is_not_enough) {
    static const char *const strange[] = {"evil.example",
                                          "fetchpool.evil.example",
                                          "localhost.evil.example",
                                          "127.0.0.1.evil.example",
                                          "unix",
                                          "myhost.evil.example",
                                          "my",
                                          "127.1"};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        assert_int_equal(host_status(strange[i]), 421);
}

TEST(a_host_that_is_none_is_malformed) {
    assert_int_equal(host_status("a b"), 400);
    assert_int_equal(host_status(""), 400);
}

TEST(no_host_is_for_the_request_check_to_judge) {
    assert_int_equal(host_status(NULL), 0);
}

TEST(any_name_may_be_allowed) {
    settings.server.allowed_hosts = (struct settings_list){any, 1};
    assert_int_equal(host_status("evil.example"), 0);
    assert_int_equal(host_status("a b"), 400);
}

TEST(any_name_will_do_on_a_unix_socket) {
    local = true;
    assert_int_equal(host_status("evil.example"), 0);
    assert_int_equal(host_status(""), 0);
}

TEST(any_name_will_do_for_a_known_caller) {
    known = true;
    assert_int_equal(host_status("evil.example"), 0);
    assert_int_equal(host_status("a b"), 400);
}

TEST(programs_that_are_no_browser_may_ask) {
    assert_int_equal(page_status(&(struct ask){.host = "localhost:8080"}), 0);
    assert_null(allowed);
}

TEST(pages_of_ours_may_ask) {
    assert_int_equal(page_status(&(struct ask){.host = "localhost:8080", .origin = "http://localhost:8080"}), 0);
    assert_int_equal(page_status(&(struct ask){.host = "a.example", .origin = "https://a.example"}), 0);
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "http://a", .site = "same-origin"}), 0);
    assert_int_equal(page_status(&(struct ask){.host = "a", .site = "same-origin"}), 0);
    assert_int_equal(page_status(&(struct ask){.host = "a", .site = "none"}), 0);
    assert_null(allowed);
}

TEST(pages_elsewhere_may_not) {
    static const struct ask rows[] = {
        {.host = "a:1", .origin = "http://b:1"},
        {.host = "a:1", .origin = "http://a:2"},
        {.host = "a:1", .origin = "http://a"},
        {.host = "a", .origin = "null"},
        {.host = "a", .origin = ""},
        {.host = "a", .origin = "http://a.evil.example"},
        {.host = "a", .origin = "chrome-extension://a"},
        {.origin = "http://a"},
        {.host = "a", .site = "cross-site"},
        {.host = "a", .site = "same-site"},
        {.host = "a", .site = ""},
        {.host = "a", .site = "nonsense"},
        {.host = "a", .origin = "http://a", .site = "cross-site"},
        {.method = "GET", .host = "a", .site = "cross-site", .mode = "no-cors", .dest = "image"},
        {.method = "GET", .host = "a", .site = "cross-site", .mode = "navigate", .dest = "iframe"},
        {.method = "GET", .host = "a", .site = "cross-site", .mode = "cors", .dest = "document"},
        {.method = "POST", .host = "a", .site = "cross-site", .mode = "navigate", .dest = "document"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(page_status(&rows[i]), 403);
}

TEST(a_link_may_be_followed) {
    assert_int_equal(page_status(&(struct ask){
                         .method = "GET", .host = "a", .site = "cross-site", .mode = "navigate", .dest = "document"}),
                     0);
}

TEST(pages_of_the_settings_may_ask_from_anywhere) {
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "https://app.example", .site = "cross-site"}), 0);
    assert_ptr_equal(allowed, origins[0]);
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "http://LOCALHOST:3000"}), 0);
    assert_ptr_equal(allowed, origins[1]);
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "http://app.example"}), 403);
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "https://app.example:8443"}), 403);
    settings.server.allowed_origins = (struct settings_list){any, 1};
    assert_int_equal(page_status(&(struct ask){.host = "a", .origin = "null", .site = "cross-site"}), 0);
    assert_string_equal(allowed, "*");
    assert_int_equal(page_status(&(struct ask){.host = "a", .site = "cross-site"}), 403);
}

#define WITH_SETTINGS(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SETTINGS(addresses_localhost_and_known_names_are_ours),
        WITH_SETTINGS(a_name_that_leads_here_is_not_enough),
        WITH_SETTINGS(a_host_that_is_none_is_malformed),
        WITH_SETTINGS(no_host_is_for_the_request_check_to_judge),
        WITH_SETTINGS(any_name_may_be_allowed),
        WITH_SETTINGS(any_name_will_do_on_a_unix_socket),
        WITH_SETTINGS(any_name_will_do_for_a_known_caller),
        WITH_SETTINGS(programs_that_are_no_browser_may_ask),
        WITH_SETTINGS(pages_of_ours_may_ask),
        WITH_SETTINGS(pages_elsewhere_may_not),
        WITH_SETTINGS(a_link_may_be_followed),
        WITH_SETTINGS(pages_of_the_settings_may_ask_from_anywhere),
    };
    return cmocka_run_group_tests_name("site_check", tests, NULL, NULL);
}
