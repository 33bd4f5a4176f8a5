#include "pool/probe.h"

#include <curl/curl.h>
#include <stdio.h>

_Static_assert((int)PROBE_ERROR_BYTES >= CURL_ERROR_SIZE, "libcurl writes its error there");

static size_t discard(char *data, size_t size, size_t count, void *arg) {
    (void)data;
    (void)arg;
    return size * count;
}

static CURLcode configure(CURL *easy, const struct probe *p, char *error) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, p->url);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, p->unix_path);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    return code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
}

static enum err ask(CURL *easy, const struct probe *p, char *ret_error) {
    long status = 0;
    *ret_error = '\0';
    CURLcode code = configure(easy, p, ret_error);
    if (!code)
        code = curl_easy_perform(easy);
    if (code == CURLE_OUT_OF_MEMORY)
        return ERR_NOMEM;
    if (code && !*ret_error)
        (void)snprintf(ret_error, PROBE_ERROR_BYTES, "%s", curl_easy_strerror(code));
    if (code)
        return ERR_IO;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status); /* leaves 0, which is not 200 */
    (void)snprintf(ret_error, PROBE_ERROR_BYTES, "answered with status %ld", status);
    return status == 200 ? ERR_NONE : ERR_IO;
}

enum err probe_ask(const struct probe *p, char ret_error[PROBE_ERROR_BYTES]) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NOMEM;
    CURL *easy = curl_easy_init();
    enum err err = easy ? ask(easy, p, ret_error) : ERR_NOMEM;
    curl_easy_cleanup(easy);
    curl_global_cleanup();
    return err;
}
