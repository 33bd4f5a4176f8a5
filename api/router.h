/* Which handler a request goes to: a table of routes. */
#ifndef FETCHPOOL_API_ROUTER_H
#define FETCHPOOL_API_ROUTER_H

#include "api/problem.h"
#include "api/request.h"

#include <stdbool.h>
#include <stddef.h>

struct route {
    const char *path;   /* its last part may be a "{name}", which stands for any */
    const char *method; /* "GET" is for HEAD, too */
    void (*handle)(struct request *r);
    bool takes_work; /* refused while draining */
    unsigned scopes; /* of which a token needs one: enum token_scope, AUTH_OPEN or AUTH_ANY_SCOPE */
};

/* The route, or NULL and a 404 or 405 in `ret_problem`. The path has to match exactly, but for a "{name}". */
const struct route *router_find(const char *method, const char *path, struct problem *ret_problem);

/* From 0; ROUTER_MAX_ROUTES for NULL, for what leads to no route. */
enum { ROUTER_MAX_ROUTES = 32 };
size_t router_index(const struct route *route);

/* The route of that index, or NULL. */
const struct route *router_at(size_t index);

/* Whether it tells how the service fares, which is answered also when there are too many clients. */
bool router_is_vital(const struct route *route);

/* Whether its handler reads the body of the request. */
bool router_keeps_body(const struct route *route);

#endif
