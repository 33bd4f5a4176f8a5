#include "pool/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parts of the text, borrowed from it. */
struct authority {
    const char *host;
    size_t host_len;
    bool is_v6;
    const char *port; /* digits, or NULL */
    size_t port_len;
};

static bool is_host_char(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

static const char *find_bad_byte(const char *url) {
    for (; *url; url++)
        if ((unsigned char)*url <= 0x20 || *url == 0x7F)
            return url;
    return NULL;
}

static enum fetch_error invalid(const char **ret_reason, const char *reason) {
    *ret_reason = reason;
    return FETCH_INVALID_URL;
}

/* "example.com:80/x" is a forgotten scheme, "mailto:a@b" is another scheme. */
static enum fetch_error check_without_slashes(const char *url, const char **ret_reason) {
    size_t n = 0;
    while (isalnum((unsigned char)url[n]) || url[n] == '+' || url[n] == '-')
        n++;
    bool is_http = (n == 4 || n == 5) && strncasecmp(url, "https", n) == 0;
    bool other_scheme = n > 1 && url[n] == ':' && isalpha((unsigned char)url[0]) &&
                        !isdigit((unsigned char)url[n + 1]) && url[n + 1] != '/' && !is_http;
    if (!other_scheme)
        return invalid(ret_reason, "not an absolute URL: it has to begin with http:// or https://");
    *ret_reason = fetch_error_phrase(FETCH_UNSUPPORTED_SCHEME);
    return FETCH_UNSUPPORTED_SCHEME;
}

/* RFC 3986, section 3.1. */
static bool is_scheme(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
            return false;
    return len > 0 && isalpha((unsigned char)text[0]);
}

static enum fetch_error check_scheme(const char *url, bool *ret_tls, const char **ret_rest, const char **ret_reason) {
    const char *slashes = strstr(url, "://");
    size_t len = slashes ? (size_t)(slashes - url) : 0;
    if (!is_scheme(url, len))
        return check_without_slashes(url, ret_reason);
    *ret_tls = len == 5 && strncasecmp(url, "https", 5) == 0;
    if (!*ret_tls && !(len == 4 && strncasecmp(url, "http", 4) == 0)) {
        *ret_reason = fetch_error_phrase(FETCH_UNSUPPORTED_SCHEME);
        return FETCH_UNSUPPORTED_SCHEME;
    }
    *ret_rest = slashes + 3;
    return FETCH_OK;
}

static int hex_value(char c) {
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* RFC 3986, section 3.2.1, without control characters. */
static bool is_user_info(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            if (!isalnum((unsigned char)text[i]) && !strchr("-._~!$&'()*+,;=:", text[i]))
                return false;
            continue;
        }
        int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
        int low = i + 2 < len ? hex_value(text[i + 2]) : -1;
        int byte = high * 16 + low;
        if (high < 0 || low < 0 || byte < 0x20 || byte == 0x7F)
            return false;
        i += 2;
    }
    return len > 0;
}

/* Takes it off the front of the authority. */
static enum fetch_error split_user(const char **text, size_t *len, struct url_user *ret_user, const char **ret_reason) {
    const char *at = memchr(*text, '@', *len);
    if (ret_user)
        *ret_user = (struct url_user){.text = *text};
    if (!at)
        return FETCH_OK;
    if (!ret_user)
        return invalid(ret_reason, "user information in a URL is not allowed");
    ret_user->len = (size_t)(at - *text);
    if (!is_user_info(ret_user->text, ret_user->len))
        return invalid(ret_reason, "the user information in the URL has a character that it cannot have");
    *len -= ret_user->len + 1;
    *text = at + 1;
    return FETCH_OK;
}

static enum fetch_error split_authority(const char *text, size_t len, struct authority *ret, const char **ret_reason) {
    const char *end = text + len;
    const char *host_end;
    ret->is_v6 = len > 0 && text[0] == '[';
    if (ret->is_v6) {
        host_end = memchr(text, ']', len);
        if (!host_end)
            return invalid(ret_reason, "the address in brackets does not end");
        ret->host = text + 1;
        ret->host_len = (size_t)(host_end - ret->host);
        host_end++;
    } else {
        const char *colon = memchr(text, ':', len);
        host_end = colon ? colon : end;
        ret->host = text;
        ret->host_len = (size_t)(host_end - text);
    }
    ret->port = host_end < end && *host_end == ':' ? host_end + 1 : NULL;
    ret->port_len = ret->port ? (size_t)(end - ret->port) : 0;
    if (!ret->port && host_end != end)
        return invalid(ret_reason, "the host is followed by what is not a port");
    return FETCH_OK;
}

/* Written in one way (RFC 5952), so that all spellings of an address are one host. */
static enum fetch_error normalize_v6(char host[URL_HOST_MAX_BYTES + 1], const char **ret_reason) {
    struct in6_addr address;
    if (inet_pton(AF_INET6, host, &address) != 1)
        return invalid(ret_reason, "the address in brackets is not an IPv6 address");
    (void)inet_ntop(AF_INET6, &address, host, URL_HOST_MAX_BYTES + 1);
    return FETCH_OK;
}

/* A last label that looks like a number makes parsers read the whole as an IPv4 address, each in its own way. */
static enum fetch_error check_number_like(const char *host, const char **ret_reason) {
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.')
        len--;
    size_t start = len;
    while (start > 0 && host[start - 1] != '.')
        start--;
    const char *label = host + start;
    bool number_like = len > start && strspn(label, "0123456789") >= len - start;
    number_like = number_like || (len - start >= 2 && label[0] == '0' && label[1] == 'x');
    struct in_addr address;
    if (number_like && inet_pton(AF_INET, host, &address) != 1)
        return invalid(ret_reason, "the host looks like an IPv4 address but is not one in its canonical form");
    return FETCH_OK;
}

static enum fetch_error check_name(const char *host, const char **ret_reason) {
    for (size_t i = 0; host[i]; i++) {
        if (!is_host_char(host[i]))
            return invalid(ret_reason, (host[i] & 0x80) ? "the host has letters beyond ASCII: write it in its xn-- form"
                                                        : "the host has a character that host names cannot have");
        if (host[i] == '.' && (i == 0 || host[i - 1] == '.'))
            return invalid(ret_reason, "the host has an empty label");
    }
    return check_number_like(host, ret_reason);
}

static enum fetch_error parse_port(const struct authority *a, bool is_tls, long *ret_port, const char **ret_reason) {
    *ret_port = is_tls ? 443 : 80;
    if (!a->port || a->port_len == 0)
        return FETCH_OK;
    long port = 0;
    for (size_t i = 0; i < a->port_len && port <= 65535; i++) {
        if (!isdigit((unsigned char)a->port[i]))
            return invalid(ret_reason, "the port is not a number");
        port = port * 10 + (a->port[i] - '0');
    }
    if (port < 1 || port > 65535)
        return invalid(ret_reason, "the port is not between 1 and 65535");
    *ret_port = port;
    return FETCH_OK;
}

static enum fetch_error check_host(const struct authority *a, char host[URL_HOST_MAX_BYTES + 1],
                                   const char **ret_reason) {
    if (a->host_len == 0)
        return invalid(ret_reason, "the host is missing");
    if (a->host_len > URL_HOST_MAX_BYTES)
        return invalid(ret_reason, "the host is longer than 253 bytes");
    for (size_t i = 0; i < a->host_len; i++)
        host[i] = (char)tolower((unsigned char)a->host[i]);
    host[a->host_len] = '\0';
    return a->is_v6 ? normalize_v6(host, ret_reason) : check_name(host, ret_reason);
}

/* `ret_user` NULL: there may be none. */
static enum fetch_error check(const char *url, struct url_origin *ret_origin, struct url_user *ret_user,
                              const char **ret_reason) {
    const char *rest = NULL;
    bool is_tls = false;
    if (*url == '\0')
        return invalid(ret_reason, "the URL is empty");
    if (strnlen(url, URL_MAX_BYTES + 1) > URL_MAX_BYTES)
        return invalid(ret_reason, "the URL is longer than 65536 bytes");
    if (find_bad_byte(url))
        return invalid(ret_reason, "the URL has a blank or a control character");
    enum fetch_error error = check_scheme(url, &is_tls, &rest, ret_reason);
    if (error)
        return error;
    struct authority a;
    char host[URL_HOST_MAX_BYTES + 1];
    long port;
    size_t len = strcspn(rest, "/?#");
    error = split_user(&rest, &len, ret_user, ret_reason);
    if (!error)
        error = split_authority(rest, len, &a, ret_reason);
    if (!error)
        error = check_host(&a, host, ret_reason);
    if (!error)
        error = parse_port(&a, is_tls, &port, ret_reason);
    if (error)
        return error;
    ret_origin->is_tls = is_tls;
    ret_origin->host_start = (is_tls ? 8U : 7U) + (a.is_v6 ? 1U : 0U);
    ret_origin->host_len = strlen(host);
    (void)snprintf(ret_origin->text, sizeof ret_origin->text, a.is_v6 ? "%s://[%s]:%ld" : "%s://%s:%ld",
                   is_tls ? "https" : "http", host, port);
    return FETCH_OK;
}

enum fetch_error url_check(const char *url, struct url_origin *ret_origin, const char **ret_reason) {
    return check(url, ret_origin, NULL, ret_reason);
}

enum fetch_error url_check_with_user(const char *url, struct url_origin *ret_origin, struct url_user *ret_user,
                                     const char **ret_reason) {
    return check(url, ret_origin, ret_user, ret_reason);
}

enum fetch_error url_check_host(const char *text, char ret_host[URL_HOST_MAX_BYTES + 1], const char **ret_reason) {
    size_t len = strlen(text);
    bool in_brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    struct authority a = {.host = text, .host_len = len, .is_v6 = in_brackets || strchr(text, ':')};
    if (in_brackets) {
        a.host++;
        a.host_len -= 2;
    }
    enum fetch_error error = check_host(&a, ret_host, ret_reason);
    if (error && a.is_v6 && !in_brackets)
        return invalid(ret_reason, "neither a host name nor an IPv6 address; a port does not belong to the host");
    size_t host_len = error ? 0 : strlen(ret_host);
    if (host_len > 0 && ret_host[host_len - 1] == '.')
        ret_host[host_len - 1] = '\0';
    return error;
}

/* The base's own path and query stay; libcurl loses their last part. RFC 3986, section 5.2.2. */
static enum err join_fragment(const char *base, const char *fragment, char **ret_url) {
    size_t base_len = strcspn(base, "#");
    size_t size = base_len + strlen(fragment) + 1;
    char *joined = malloc(size);
    if (!joined)
        return ERR_NOMEM;
    memcpy(joined, base, base_len);
    memcpy(joined + base_len, fragment, size - base_len);
    *ret_url = joined;
    return ERR_NONE;
}

size_t url_host_name_len(const struct url_origin *origin) {
    size_t len = origin->host_len;
    return len > 1 && origin->text[origin->host_start + len - 1] == '.' ? len - 1 : len;
}

static bool is_slash(char c) {
    return c == '/' || c == '\\';
}

/* Where the authority of a reference begins if some parser takes it to have one, else NULL. A reference that begins
 * with http: has one, whatever follows. */
static const char *find_authority(const char *location) {
    const char *colon = strchr(location, ':');
    size_t scheme_len = colon ? (size_t)(colon - location) : 0;
    bool is_http = (scheme_len == 4 || scheme_len == 5) && strncasecmp(location, "https", scheme_len) == 0;
    if (is_http)
        return colon + 1;
    return is_slash(location[0]) && is_slash(location[1]) ? location : NULL;
}

/* The host that a reference leads to is checked as it stands there: libcurl would read it first. */
static bool authority_is_sound(const char *location) {
    char url[8 + URL_HOST_MAX_BYTES + sizeof "[]:65535/"];
    struct url_origin origin;
    const char *reason;
    const char *authority = find_authority(location);
    if (!authority)
        return true;
    if (strncmp(authority, "//", 2) != 0)
        return false;
    int len = snprintf(url, sizeof url, "http://%.*s/", (int)strcspn(authority + 2, "/?#"), authority + 2);
    return len < (int)sizeof url && url_check(url, &origin, &reason) == FETCH_OK;
}

/* Of an empty query, which is asked for like any other, libcurl leaves nothing. NULL: no memory. */
static char *copy_with_query(const char *joined, const char *location) {
    const char *query = location + strcspn(location, "?#");
    int end = (int)strcspn(joined, "?#");
    bool is_lost = query[0] == '?' && (query[1] == '\0' || query[1] == '#') && joined[end] != '?';
    char *copy = NULL;
    return asprintf(&copy, "%.*s%s%s", end, joined, is_lost ? "?" : "", joined + end) < 0 ? NULL : copy;
}

static enum err join_with_libcurl(const char *base, const char *location, char **ret_url) {
    CURLU *url = curl_url();
    if (!url)
        return ERR_NOMEM;
    char *joined = NULL;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, base, 0);
    if (!code) /* servers send blanks and letters beyond ASCII here, and browsers encode them */
        code = curl_url_set(url, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
    if (!code)
        code = curl_url_get(url, CURLUPART_URL, &joined, 0);
    curl_url_cleanup(url);
    if (code)
        return code == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID;
    *ret_url = copy_with_query(joined, location);
    curl_free(joined);
    return *ret_url ? ERR_NONE : ERR_NOMEM;
}

enum err url_join(const char *base, const char *location, char **ret_url) {
    if (*location == '\0' || *location == '#')
        return join_fragment(base, location, ret_url);
    return authority_is_sound(location) ? join_with_libcurl(base, location, ret_url) : ERR_INVALID;
}

enum err url_resolve(const char *url, char **ret_url) {
    return join_with_libcurl(url, url, ret_url);
}
