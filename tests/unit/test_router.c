#include "api/router.h"

#include "api/handlers.h"
#include "unit.h"

#include <string.h>

static void assert_found(const char *method, const char *path, void (*handle)(struct request *r), bool takes_work) {
    struct problem p = {0};
    const struct route *route = router_find(method, path, &p);
    assert_non_null(route);
    assert_int_equal(p.status, 0);
    assert_string_equal(route->path, path);
    assert_ptr_equal(route->handle, handle);
    assert_int_equal(route->takes_work, takes_work);
}

static void assert_refused(const char *method, const char *path, int status, const char *allow) {
    struct problem p = {0};
    assert_null(router_find(method, path, &p));
    assert_int_equal(p.status, status);
    assert_true(p.detail[0] != '\0');
    if (allow)
        assert_string_equal(p.allow, allow);
    else
        assert_string_equal(p.allow, "");
}

TEST(each_route_has_its_handler) {
    assert_found("POST", "/fetch", handle_fetch, true);
    assert_found("POST", "/drill", handle_drill, true);
    assert_found("GET", "/healthz", handle_healthz, false);
    assert_found("GET", "/readyz", handle_readyz, false);
    assert_found("GET", "/pressure", handle_pressure, false);
    assert_found("GET", "/metrics", handle_metrics, false);
    assert_found("GET", "/version", handle_version, false);
    assert_found("GET", "/openapi.yaml", handle_openapi, false);
    assert_found("GET", "/hosts", handle_hosts, false);
}

static void assert_leads_to(const char *method, const char *path, const char *pattern,
                            void (*handle)(struct request *)) {
    struct problem p = {0};
    const struct route *route = router_find(method, path, &p);
    assert_non_null(route);
    assert_string_equal(route->path, pattern);
    assert_ptr_equal(route->handle, handle);
    assert_int_equal(router_keeps_body(route), strcmp(method, "PATCH") == 0);
}

TEST(each_route_has_its_index) {
    struct problem p = {0};
    size_t count = 0;
    while (router_at(count))
        count++;
    assert_true(count > 5 && count <= ROUTER_MAX_ROUTES);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(router_index(router_at(i)), i);
    assert_int_equal(router_index(NULL), ROUTER_MAX_ROUTES);
    assert_null(router_at(ROUTER_MAX_ROUTES));
    assert_ptr_equal(router_at(router_index(router_find("POST", "/fetch", &p))), router_find("POST", "/fetch", &p));
}

TEST(part_of_a_path_may_be_a_name) {
    static const char *const paths[] = {"/hosts/a", "/hosts/[::1]", "/hosts/a b", "/hosts/{host}", "/hosts/\xFF"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_leads_to("GET", paths[i], "/hosts/{host}", handle_host);
        assert_leads_to("HEAD", paths[i], "/hosts/{host}", handle_host);
        assert_leads_to("PATCH", paths[i], "/hosts/{host}", handle_host_patch);
        assert_refused("POST", paths[i], 405, "GET, HEAD, PATCH");
    }
    assert_leads_to("GET", "/hosts", "/hosts", handle_hosts);
    assert_refused("PATCH", "/hosts", 405, "GET, HEAD");
    assert_refused("GET", "/hosts/", 404, NULL);
    assert_refused("GET", "/hosts/a/", 404, NULL);
    assert_refused("GET", "/hosts/a/b", 404, NULL);
    assert_refused("PATCH", "/hostsa", 404, NULL);
}

TEST(body_is_kept_for_who_works_with_it) {
    struct problem p = {0};
    assert_true(router_keeps_body(router_find("POST", "/fetch", &p)));
    assert_false(router_keeps_body(router_find("GET", "/healthz", &p)));
    assert_false(router_keeps_body(router_find("HEAD", "/healthz", &p)));
}

static void assert_scopes(const char *method, const char *path, unsigned scopes) {
    struct problem p = {0};
    assert_int_equal(router_find(method, path, &p)->scopes, scopes);
}

TEST(routes_want_their_scope_and_only_health_wants_none) {
    assert_scopes("POST", "/fetch", TOKEN_SCOPE_FETCH);
    assert_scopes("POST", "/drill", TOKEN_SCOPE_DRILL);
    assert_scopes("GET", "/hosts", TOKEN_SCOPE_HOSTS);
    assert_scopes("GET", "/hosts/a", TOKEN_SCOPE_HOSTS);
    assert_scopes("PATCH", "/hosts/a", TOKEN_SCOPE_HOSTS);
    assert_scopes("GET", "/pressure", TOKEN_SCOPE_METRICS);
    assert_scopes("GET", "/version", (unsigned)AUTH_ANY_SCOPE);
    assert_scopes("GET", "/openapi.yaml", (unsigned)AUTH_ANY_SCOPE);
    assert_scopes("GET", "/healthz", AUTH_OPEN);
    assert_scopes("HEAD", "/readyz", AUTH_OPEN);
}

TEST(head_goes_where_get_goes) {
    assert_found("HEAD", "/healthz", handle_healthz, false);
    assert_found("HEAD", "/readyz", handle_readyz, false);
    assert_found("HEAD", "/version", handle_version, false);
}

TEST(other_methods_are_told_what_is_allowed) {
    assert_refused("GET", "/fetch", 405, "POST");
    assert_refused("HEAD", "/fetch", 405, "POST");
    assert_refused("PUT", "/drill", 405, "POST");
    assert_refused("OPTIONS", "/fetch", 405, "POST");
    assert_refused("POST", "/healthz", 405, "GET, HEAD");
    assert_refused("DELETE", "/readyz", 405, "GET, HEAD");
    assert_refused("POST", "/version", 405, "GET, HEAD");
}

TEST(methods_are_read_with_regard_to_case) {
    assert_refused("post", "/fetch", 405, "POST");
    assert_refused("get", "/healthz", 405, "GET, HEAD");
    assert_refused("head", "/healthz", 405, "GET, HEAD");
    assert_refused("", "/healthz", 405, "GET, HEAD");
}

TEST(paths_have_to_match_exactly) {
    static const char *const paths[] = {"",       "/",     "fetch",   "/fetch/",   "/fetch/x",      "//fetch",
                                        "/Fetch", "/fetc", "/fetchx", "/healthz/", "/version.json", "/../fetch",
                                        "*"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_refused("POST", paths[i], 404, NULL);
        assert_refused("GET", paths[i], 404, NULL);
    }
}

TEST(problem_found_before_stays) {
    struct problem p = {0};
    problem_set(&p, 400, "earlier");
    assert_null(router_find("GET", "/none", &p));
    assert_int_equal(p.status, 400);
    assert_string_equal(p.detail, "earlier");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_has_its_handler),
        cmocka_unit_test(each_route_has_its_index),
        cmocka_unit_test(part_of_a_path_may_be_a_name),
        cmocka_unit_test(body_is_kept_for_who_works_with_it),
        cmocka_unit_test(routes_want_their_scope_and_only_health_wants_none),
        cmocka_unit_test(head_goes_where_get_goes),
        cmocka_unit_test(other_methods_are_told_what_is_allowed),
        cmocka_unit_test(methods_are_read_with_regard_to_case),
        cmocka_unit_test(paths_have_to_match_exactly),
        cmocka_unit_test(problem_found_before_stays),
    };
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
