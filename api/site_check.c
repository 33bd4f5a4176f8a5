#include "api/site_check.h"

#include "api/site_name.h"

#include <stddef.h>
#include <string.h>

#define SITE_ANY "*"

/* ---- hosts ---- */

static bool is_listened_on(const struct settings_list *addresses, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < addresses->count; i++)
        if (strncasecmp(addresses->items[i], name, len) == 0 && addresses->items[i][len] == ':' &&
            addresses->items[i][len + 1] != '/') /* unix:/path */
            return true;
    return false;
}

static bool is_allowed_host(const struct settings *settings, const char *name) {
    const struct settings_list *hosts = &settings->server.allowed_hosts;
    for (size_t i = 0; i < hosts->count; i++)
        if (strcmp(hosts->items[i], SITE_ANY) == 0 || strcasecmp(hosts->items[i], name) == 0)
            return true;
    return is_listened_on(&settings->server.listen, name);
}

/* Without a Host it is HTTP/1.0, which no browser speaks. */
bool site_check_host(const struct request *r, const struct settings *settings, bool is_known_caller,
                     struct problem *ret_problem) {
    const char *text = request_header(r, "Host");
    struct site_host host;
    if (!text || request_is_local(r))
        return true;
    if (!site_name_parse(text, &host)) {
        problem_set(ret_problem, 400, "the Host header is not valid");
        return false;
    }
    if (is_known_caller || host.is_address || site_name_is_localhost(host.name) || is_allowed_host(settings, host.name))
        return true;
    problem_set(ret_problem, 421, "this service does not go by the name in the Host header (server.allowed_hosts)");
    return false;
}

/* ---- pages ---- */

static const char *allowed_origin(const struct settings *settings, const char *origin) {
    const struct settings_list *origins = &settings->server.allowed_origins;
    for (size_t i = 0; i < origins->count; i++)
        if (strcmp(origins->items[i], SITE_ANY) == 0 || strcasecmp(origins->items[i], origin) == 0)
            return origins->items[i];
    return NULL;
}

/* A proxy in front may speak TLS for us, so the scheme does not matter. */
static bool is_own_origin(const struct request *r, const char *origin) {
    const char *host = request_header(r, "Host");
    const char *authority = site_name_authority(origin);
    return host && authority && strcasecmp(host, authority) == 0;
}

static bool header_is(const struct request *r, const char *name, const char *value) {
    const char *given = request_header(r, name);
    return given && strcmp(given, value) == 0;
}

/* A link that somebody follows shows him the answer, and the page that has it nothing. */
static bool is_visit(const struct request *r) {
    return strcmp(r->method, "GET") == 0 && header_is(r, "Sec-Fetch-Mode", "navigate") &&
           header_is(r, "Sec-Fetch-Dest", "document");
}

static bool comes_from_elsewhere(const struct request *r) {
    return request_header(r, "Sec-Fetch-Site") && !header_is(r, "Sec-Fetch-Site", "same-origin") &&
           !header_is(r, "Sec-Fetch-Site", "none") && !is_visit(r);
}

bool site_check_origin(const struct request *r, const struct settings *settings, const char **ret_allowed,
                       struct problem *ret_problem) {
    const char *origin = request_header(r, "Origin");
    *ret_allowed = origin ? allowed_origin(settings, origin) : NULL;
    bool may = *ret_allowed || ((!origin || is_own_origin(r, origin)) && !comes_from_elsewhere(r));
    if (!may)
        problem_set(ret_problem, 403, "pages of other origins may not ask here (server.allowed_origins)");
    return may;
}

bool site_check_is_preflight(const struct request *r) {
    return strcmp(r->method, "OPTIONS") == 0 && request_header(r, "Origin") &&
           request_header(r, "Access-Control-Request-Method");
}
