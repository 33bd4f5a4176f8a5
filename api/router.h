/* Which handler a request goes to: a table of routes. */
#ifndef FETCHPOOL_API_ROUTER_H
#define FETCHPOOL_API_ROUTER_H

#include "api/problem.h"
#include "api/request.h"

#include <stdbool.h>

struct route {
    const char *path;
    const char *method; /* "GET" is for HEAD, too */
    void (*handle)(struct request *r);
    bool takes_work; /* refused while draining */
};

/* The route, or NULL and a 404 or 405 in `ret_problem`. The path has to match exactly. */
const struct route *router_find(const char *method, const char *path, struct problem *ret_problem);

#endif
