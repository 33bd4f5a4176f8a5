#include "api/site_name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { PORT_DIGITS = 5 };

static bool is_any(const char *text) {
    return strcmp(text, "*") == 0;
}

static bool is_name(const char *name) {
    return *name && strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._") == strlen(name);
}

static bool is_port(const char *text) {
    size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
    return *text == '\0' || (*text == ':' && digits <= PORT_DIGITS && text[1 + digits] == '\0');
}

bool site_name_parse(const char *host, struct site_host *ret_host) {
    struct in6_addr v6;
    struct in_addr v4;
    bool brackets = host[0] == '[';
    size_t len = strcspn(host + brackets, brackets ? "]" : ":");
    const char *rest = host + brackets + len;
    if (len == 0 || len >= SITE_NAME_BYTES || (brackets && *rest++ != ']') || !is_port(rest))
        return false;
    memcpy(ret_host->name, host + brackets, len);
    ret_host->name[len] = '\0';
    if (brackets)
        return ret_host->is_address = inet_pton(AF_INET6, ret_host->name, &v6) == 1;
    if (len > 1 && ret_host->name[len - 1] == '.')
        ret_host->name[len - 1] = '\0';
    ret_host->is_address = inet_pton(AF_INET, ret_host->name, &v4) == 1;
    return ret_host->is_address || is_name(ret_host->name);
}

static bool ends_in(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcasecmp(text + len - end_len, end) == 0;
}

bool site_name_is_localhost(const char *name) {
    return strcasecmp(name, "localhost") == 0 || ends_in(name, ".localhost");
}

const char *site_name_authority(const char *origin) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncasecmp(origin, schemes[i], strlen(schemes[i])) == 0)
            return origin + strlen(schemes[i]);
    return NULL;
}

const char *site_name_check_host(const char *text) {
    return is_any(text) || is_name(text) ? NULL : "must be a host name without a port, or *";
}

/* Browsers leave out the scheme's own port, so an origin with it would never be met. */
static bool has_needless_port(const char *text, const char *authority) {
    bool is_tls = tolower((unsigned char)text[4]) == 's';
    return ends_in(authority, ":") || ends_in(authority, is_tls ? ":443" : ":80");
}

const char *site_name_check_origin(const char *text) {
    const char *authority = site_name_authority(text);
    struct site_host host;
    if (authority && has_needless_port(text, authority))
        return "must be an origin as browsers write it, without a port that is the scheme's own";
    bool fine = is_any(text) || (authority && site_name_parse(authority, &host));
    return fine ? NULL : "must be an origin like https://example.com or http://localhost:3000, or *";
}
