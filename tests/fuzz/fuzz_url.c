/* What the check accepts, libcurl has to read as the same host and port; and where redirects lead. The first line is
 * the URL, the rest a Location seen from it. */
#include "fuzz.h"
#include "pool/url_sent.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *part(CURLU *url, CURLUPart what, unsigned flags) {
    char *text = NULL;
    assert(curl_url_get(url, what, &text, flags) == CURLUE_OK);
    return text;
}

static void check_host(const struct url_origin *origin, const char *host) {
    char own[URL_HOST_MAX_BYTES + 1];
    struct in6_addr one, other;
    (void)snprintf(own, sizeof own, "%.*s", (int)origin->host_len, origin->text + origin->host_start);
    if (host[0] != '[') {
        assert(strcasecmp(own, host) == 0);
        return;
    }
    char *inner = strndup(host + 1, strlen(host) - 2);
    assert(inner && inet_pton(AF_INET6, inner, &one) == 1 && inet_pton(AF_INET6, own, &other) == 1);
    assert(memcmp(&one, &other, sizeof one) == 0);
    free(inner);
}

/* With the flags that curl_easy_perform uses. */
static void check_agreement(const char *text, const struct url_origin *origin) {
    CURLU *url = curl_url();
    assert(url);
    CURLUcode code =
        curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
    assert(code == CURLUE_OK);
    char *scheme = part(url, CURLUPART_SCHEME, 0);
    char *host = part(url, CURLUPART_HOST, 0);
    char *port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    assert(strcmp(scheme, origin->is_tls ? "https" : "http") == 0);
    assert(strcmp(strrchr(origin->text, ':') + 1, port) == 0);
    check_host(origin, host);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
}

/* What is told to have been asked for is what libcurl asks for, in ASCII, of the same origin. */
static void check_sent(const char *text, const struct url_origin *origin) {
    const struct url_user nobody = {.text = text};
    struct url_origin again;
    const char *reason;
    char *prepared, *line, *sent, *query = NULL;
    assert(url_sent_prepare(text, &nobody, &prepared, &line) == ERR_NONE && !line);
    assert(url_sent_make(text, &nobody, &sent) == ERR_NONE);
    CURLU *url = curl_url();
    assert(url && curl_url_set(url, CURLUPART_URL, prepared ? prepared : text, 0) == CURLUE_OK);
    char *path = part(url, CURLUPART_PATH, CURLU_URLENCODE);
    CURLUcode code = curl_url_get(url, CURLUPART_QUERY, &query, 0);
    const char *target = strchr(strstr(sent, "://") + 3, '/');
    assert(target && strncmp(target, path, strlen(path)) == 0);
    target += strlen(path);
    assert(code == CURLUE_OK ? *target == '?' && strcmp(target + 1, query) == 0 : *target == '\0');
    for (const char *c = sent; *c; c++)
        assert(((unsigned char)*c & 0x80) == 0);
    assert(strlen(sent) > URL_MAX_BYTES || url_check(sent, &again, &reason) == FETCH_OK);
    assert(strlen(sent) > URL_MAX_BYTES || strcmp(again.text, origin->text) == 0);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(url);
    free(prepared);
    free(sent);
}

/* The origin is a URL of itself, and the host one that can be asked for. */
static void check_origin(const struct url_origin *origin) {
    struct url_origin again;
    char host[URL_HOST_MAX_BYTES + 1], own[URL_HOST_MAX_BYTES + 1];
    const char *reason;
    assert(url_check(origin->text, &again, &reason) == FETCH_OK && strcmp(again.text, origin->text) == 0);
    (void)snprintf(own, sizeof own, "%.*s", (int)origin->host_len, origin->text + origin->host_start);
    assert(url_check_host(own, host, &reason) == FETCH_OK);
    assert(strlen(host) == url_host_name_len(origin) && strncmp(host, own, strlen(host)) == 0);
}

static enum fetch_error check(const char *text) {
    struct url_origin origin;
    const char *reason = NULL;
    enum fetch_error error = url_check(text, &origin, &reason);
    if (error) {
        assert((error == FETCH_INVALID_URL || error == FETCH_UNSUPPORTED_SCHEME) && reason);
        return error;
    }
    check_agreement(text, &origin);
    check_origin(&origin);
    check_sent(text, &origin);
    return FETCH_OK;
}

static void check_host_alone(const char *text) {
    char host[URL_HOST_MAX_BYTES + 1], again[URL_HOST_MAX_BYTES + 1];
    const char *reason = NULL;
    if (url_check_host(text, host, &reason) != FETCH_OK) {
        assert(reason);
        return;
    }
    assert(url_check_host(host, again, &reason) == FETCH_OK && strcmp(host, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_copy(data, size), *rest = text, *joined;
    char *url = fuzz_next(&rest, '\n');
    check_host_alone(url);
    if (check(url) == FETCH_OK && rest && url_join(url, rest, &joined) == ERR_NONE) {
        (void)check(joined);
        free(joined);
    }
    free(text);
    return 0;
}
