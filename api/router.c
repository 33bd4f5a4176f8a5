#include "api/router.h"

#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

static const struct route routes[] = {
    {"/fetch", "POST", handle_fetch, true, TOKEN_SCOPE_FETCH},
    {"/drill", "POST", handle_drill, true, TOKEN_SCOPE_DRILL},
    {"/healthz", "GET", handle_healthz, false, AUTH_OPEN},
    {"/readyz", "GET", handle_readyz, false, AUTH_OPEN},
    {"/pressure", "GET", handle_pressure, false, TOKEN_SCOPE_METRICS},
    {"/metrics", "GET", handle_metrics, false, TOKEN_SCOPE_METRICS},
    {"/version", "GET", handle_version, false, (unsigned)AUTH_ANY_SCOPE},
    {"/openapi.yaml", "GET", handle_openapi, false, (unsigned)AUTH_ANY_SCOPE},
    {"/hosts", "GET", handle_hosts, false, TOKEN_SCOPE_HOSTS},
    {"/hosts/{host}", "GET", handle_host, false, TOKEN_SCOPE_HOSTS},
    {"/hosts/{host}", "PATCH", handle_host_patch, false, TOKEN_SCOPE_HOSTS},
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

_Static_assert((int)ROUTE_COUNT <= (int)ROUTER_MAX_ROUTES, "each has its index");

size_t router_index(const struct route *route) {
    return route ? (size_t)(route - routes) : (size_t)ROUTER_MAX_ROUTES;
}

const struct route *router_at(size_t index) {
    return index < ROUTE_COUNT ? &routes[index] : NULL;
}

/* "{name}" stands for one part of the path, which is not empty. */
static bool fits(const char *pattern, const char *path) {
    size_t fixed = strcspn(pattern, "{");
    if (pattern[fixed] == '\0')
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, fixed) == 0 && path[fixed] != '\0' && !strchr(path + fixed, '/');
}

static bool is_get(const struct route *route) {
    return strcmp(route->method, "GET") == 0;
}

static bool takes_method(const struct route *route, const char *method) {
    return strcmp(route->method, method) == 0 || (is_get(route) && strcmp(method, "HEAD") == 0);
}

bool router_keeps_body(const struct route *route) {
    return !is_get(route);
}

bool router_is_vital(const struct route *route) {
    return route->handle == handle_healthz || route->handle == handle_readyz || route->handle == handle_pressure ||
           route->handle == handle_metrics;
}

static void allow(const struct route *route, char ret_allow[PROBLEM_ALLOW_BYTES]) {
    size_t len = strlen(ret_allow);
    (void)snprintf(ret_allow + len, PROBLEM_ALLOW_BYTES - len, "%s%s%s", len ? ", " : "", route->method,
                   is_get(route) ? ", HEAD" : "");
}

const struct route *router_find(const char *method, const char *path, struct problem *ret_problem) {
    char allowed[PROBLEM_ALLOW_BYTES] = "";
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!fits(routes[i].path, path))
            continue;
        if (takes_method(&routes[i], method))
            return &routes[i];
        allow(&routes[i], allowed);
    }
    if (allowed[0]) {
        problem_set(ret_problem, 405, "this path takes %s", allowed);
        memcpy(ret_problem->allow, allowed, sizeof allowed);
    } else {
        problem_set(ret_problem, 404, "there is nothing at this path; lists of URLs go to POST /fetch");
    }
    return NULL;
}
