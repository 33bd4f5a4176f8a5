#include "api/router.h"

#include "api/handlers.h"

#include <string.h>

static const struct route routes[] = {
    {"/fetch", "POST", handle_fetch, true},       {"/drill", "POST", handle_drill, true},
    {"/healthz", "GET", handle_healthz, false},   {"/readyz", "GET", handle_readyz, false},
    {"/pressure", "GET", handle_pressure, false}, {"/version", "GET", handle_version, false},
};

static bool takes_method(const struct route *route, const char *method) {
    return strcmp(route->method, method) == 0 || (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* One method for each path so far; the Allow header names it. */
const struct route *router_find(const char *method, const char *path, struct problem *ret_problem) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        if (takes_method(&routes[i], method))
            return &routes[i];
        problem_set(ret_problem, 405, "%s takes %s", routes[i].path, routes[i].method);
        ret_problem->allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
        return NULL;
    }
    problem_set(ret_problem, 404, "there is nothing at this path; lists of URLs go to POST /fetch");
    return NULL;
}
