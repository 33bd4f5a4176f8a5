#include "pool/transfer.h"

#include "base/files.h"
#include "pool/transfer_error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TRANSFER_MAX_HEADERS = 1000,
    TRANSFER_REDIRECT_BODY_BYTES =
        64 * 1024, /* read and dropped to keep the connection; beyond it is cheaper to close */
    TRANSFER_MAX_RETRY_AFTER_S = 7 * 86400,
    TRANSFER_IDLE_CONNECTION_S = 60, /* below the keep-alive time of usual servers, to spare useless tries */
};

struct transfer {
    CURL *easy;
    const struct transfer_setup *setup;
    const struct transfer_request *request;
    struct fetch_result *result;
    struct transfer_response *response;
    enum transfer_stop stop;
    unsigned header_count;
    bool header_ended;
    bool body_began;
    bool is_encoded;
    bool drop_body;
    char error_text[CURL_ERROR_SIZE];
};

bool transfer_is_redirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool transfer_is_idempotent(const char *method) {
    return strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0;
}

/* ---- callbacks ---- */

static size_t stop_body(struct transfer *t, enum transfer_stop why) {
    t->stop = why;
    return 0; /* fewer than were given: libcurl ends with CURLE_WRITE_ERROR */
}

static bool length_is_too_large(struct transfer *t) {
    curl_off_t length = -1;
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return !t->is_encoded && length > t->request->max_size_bytes;
}

static bool begin_body(struct transfer *t) {
    long status = 0;
    t->body_began = true;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->drop_body = t->request->follow && transfer_is_redirect(status) && t->response->location;
    return t->drop_body || !length_is_too_large(t);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg) {
    struct transfer *t = arg;
    size_t n = size * count;
    if (!t->body_began && !begin_body(t))
        return stop_body(t, TRANSFER_STOP_TOO_LARGE);
    t->result->size_bytes += (int64_t)n;
    if (t->drop_body)
        return t->result->size_bytes > TRANSFER_REDIRECT_BODY_BYTES ? stop_body(t, TRANSFER_STOP_REDIRECT_BODY) : n;
    if (t->result->size_bytes > t->request->max_size_bytes)
        return stop_body(t, TRANSFER_STOP_TOO_LARGE);
    if (t->request->include & FETCH_INCLUDE_BODY && buf_append(&t->result->body, bytes, n))
        return stop_body(t, TRANSFER_STOP_NOMEM);
    return n;
}

/* A response begins; an informational one may have come before it. */
static void begin_response(struct transfer *t) {
    t->header_count = 0;
    t->header_ended = false;
    t->is_encoded = false;
    free(t->response->location);
    t->response->location = NULL;
    buf_clear(&t->result->headers);
}

static bool name_is(const char *line, size_t name_len, const char *name) {
    return strlen(name) == name_len && strncasecmp(line, name, name_len) == 0;
}

static enum err keep_header(struct buf *headers, const char *line, size_t name_len, const char *value,
                            size_t value_len) {
    enum err err = buf_reserve(headers, name_len + value_len + 2);
    for (size_t i = 0; i < name_len && !err; i++)
        err = buf_append_char(headers, (char)tolower((unsigned char)line[i]));
    if (!err)
        err = buf_append(headers, "", 1);
    if (!err)
        err = buf_append(headers, value, value_len);
    return err ? err : buf_append(headers, "", 1);
}

static enum err take_header(struct transfer *t, const char *line, size_t name_len, const char *value,
                            size_t value_len) {
    if (name_is(line, name_len, "location") && !t->response->location) {
        t->response->location = strndup(value, value_len);
        if (!t->response->location)
            return ERR_NOMEM;
    }
    if (name_is(line, name_len, "content-encoding") && !(value_len == 8 && strncasecmp(value, "identity", 8) == 0))
        t->is_encoded = true;
    if (t->request->include & FETCH_INCLUDE_HEADERS)
        return keep_header(&t->result->headers, line, name_len, value, value_len);
    return ERR_NONE;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg) {
    struct transfer *t = arg;
    size_t n = size * count;
    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_response(t);
        return n;
    }
    t->header_ended = t->header_ended || line[0] == '\r' || line[0] == '\n';
    const char *colon = memchr(line, ':', n);
    if (t->body_began || !colon || colon == line ||
        isspace((unsigned char)line[0])) /* trailer, end of header, folded line */
        return n;
    if (++t->header_count > TRANSFER_MAX_HEADERS)
        return stop_body(t, TRANSFER_STOP_TOO_MANY_HEADERS);
    const char *value = colon + 1;
    const char *end = line + n;
    while (value < end && isspace((unsigned char)*value))
        value++;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    if (take_header(t, line, (size_t)(colon - line), value, (size_t)(end - value)))
        return stop_body(t, TRANSFER_STOP_NOMEM);
    return n;
}

static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    struct transfer *t = arg;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return t->request->cancelled && atomic_load(t->request->cancelled) != FETCH_OK;
}

/* When a reused connection ends without a reply, libcurl sends the request again over a new one, whatever the method.
 */
static bool is_sent_again(struct transfer *t) {
    long sent_bytes = 0;
    if (transfer_is_idempotent(t->request->method))
        return false;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    return sent_bytes > 0;
}

/* libcurl connects to the very address that is judged here. Once one address of a name is refused, so are its
 * others. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct transfer *t = arg;
    (void)purpose;
    if (t->stop == TRANSFER_STOP_BLOCKED ||
        !guard_allows(t->setup->guard, &address->addr, (socklen_t)address->addrlen)) {
        t->stop = TRANSFER_STOP_BLOCKED;
        return CURL_SOCKET_BAD;
    }
    if (is_sent_again(t)) {
        t->stop = TRANSFER_STOP_SENT_AGAIN;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    bool spare = fd >= 0 && files_is_spare(fd);
    if (spare || (fd < 0 && (errno == EMFILE || errno == ENFILE)))
        t->stop = TRANSFER_STOP_NO_DESCRIPTOR;
    if (!spare)
        return fd;
    (void)close(fd); /* was never used */
    return CURL_SOCKET_BAD;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *arg) {
    (void)easy;
    certs_apply(arg, ssl_ctx);
    return CURLE_OK;
}

/* ---- options ---- */

/* The first failure stays. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (!code)                                                                                                     \
            code = curl_easy_setopt(easy, option, value);                                                              \
    } while (0)

enum err transfer_configure(CURL *easy, const struct transfer_setup *setup) {
    CURLcode code = CURLE_OK;
    certs_wake_random();
    SET(CURLOPT_PRIVATE, setup);
    SET(CURLOPT_NOSIGNAL, 1L); /* libcurl-thread(3) */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* the environment's proxies would pass by the guard */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CAINFO, NULL); /* else they are read again for each connection: certs.h */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    SET(CURLOPT_SSL_CTX_DATA, setup->certs);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* the addresses that it is given hold until it is given others */
    SET(CURLOPT_MAXCONNECTS, 1L);        /* a handle serves one origin */
    SET(CURLOPT_MAXAGE_CONN, (long)TRANSFER_IDLE_CONNECTION_S);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* all that libcurl can decode */
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_NOPROGRESS, 0L);
    return code ? ERR_LIBRARY : ERR_NONE;
}

bool transfer_sends_body(const char *method, const char *body) {
    bool takes_body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
    return strcmp(method, "HEAD") != 0 && (body || takes_body);
}

static CURLcode set_method(CURL *easy, const struct transfer_request *r) {
    CURLcode code = CURLE_OK;
    if (strcmp(r->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        SET(CURLOPT_CUSTOMREQUEST, NULL);
    } else if (transfer_sends_body(r->method, r->body)) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, r->body ? r->body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_bytes);
        SET(CURLOPT_CUSTOMREQUEST, r->method);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
        SET(CURLOPT_CUSTOMREQUEST, strcmp(r->method, "GET") == 0 ? NULL : r->method);
    }
    return code;
}

/* What libcurl makes of the two options it makes for each request anew. What it finds in the list it does not make. */
static CURLcode set_headers(CURL *easy, const struct transfer *t) {
    const struct transfer_request *r = t->request;
    CURLcode code = CURLE_OK;
    bool plain = !r->headers && r->decompress;
    SET(CURLOPT_HTTPHEADER, plain ? t->setup->plain_headers : r->headers);
    SET(CURLOPT_USERAGENT, plain || !*t->setup->user_agent ? NULL : t->setup->user_agent);
    if (!r->decompress)
        SET(CURLOPT_ACCEPT_ENCODING, NULL);
    return code;
}

/* 0 would mean for ever. */
static long left_ms(int64_t timeout_ms, int64_t spent_us) {
    int64_t left = timeout_ms - spent_us / 1000;
    return left > 0 ? (long)left : 1;
}

/* All that differs between requests: what one sets, the next one sets again. */
static CURLcode set_request(CURL *easy, struct transfer *t) {
    const struct transfer_request *r = t->request;
    CURLcode code = set_method(easy, r);
    if (!code)
        code = set_headers(easy, t);
    SET(CURLOPT_URL, r->url);
    if (r->addresses)
        SET(CURLOPT_RESOLVE, r->addresses);
    SET(CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, left_ms(r->connect_timeout_ms, r->lookup_us));
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_XFERINFODATA, t);
    SET(CURLOPT_ERRORBUFFER, t->error_text);
    return code;
}

/* ---- what came of it ---- */

static int64_t info_us(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value;
}

/* 0 stays 0: it says that the transfer did not come so far. */
static int64_t after_lookup_us(CURL *easy, CURLINFO info, int64_t lookup_us) {
    int64_t us = info_us(easy, info);
    return us > 0 ? us + lookup_us : 0;
}

static void add_timings(CURL *easy, int64_t lookup_us, struct fetch_timings *timings) {
    timings->namelookup_us += lookup_us + info_us(easy, CURLINFO_NAMELOOKUP_TIME_T);
    timings->connect_us += after_lookup_us(easy, CURLINFO_CONNECT_TIME_T, lookup_us);
    timings->appconnect_us += after_lookup_us(easy, CURLINFO_APPCONNECT_TIME_T, lookup_us);
    timings->pretransfer_us += after_lookup_us(easy, CURLINFO_PRETRANSFER_TIME_T, lookup_us);
    timings->starttransfer_us += after_lookup_us(easy, CURLINFO_STARTTRANSFER_TIME_T, lookup_us);
}

static void note_connection(CURL *easy, bool reused, struct fetch_connection *connection) {
    char *ip = NULL;
    long port = 0, version = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    (void)snprintf(connection->remote_ip, sizeof connection->remote_ip, "%s", ip ? ip : "");
    connection->remote_port = (int)port;
    connection->reused = reused;
    connection->http_version = version == CURL_HTTP_VERSION_1_0   ? "1.0"
                               : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                               : version == CURL_HTTP_VERSION_2_0 ? "2"
                                                                  : "";
}

/* RFC 9110, section 10.2.3: seconds or a date, both of which libcurl reads. */
static int64_t read_retry_after(CURL *easy, long status) {
    curl_off_t seconds = 0;
    if (status == 429 || status == 503)
        (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0) /* a date that has passed, or nonsense */
        return 0;
    return seconds < TRANSFER_MAX_RETRY_AFTER_S ? seconds * 1000 : (int64_t)TRANSFER_MAX_RETRY_AFTER_S * 1000;
}

static void note_response(struct transfer *t, CURLcode code) {
    long status = 0, connects = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
    t->result->status = (int)status;
    t->result->retry_after_ms = read_retry_after(t->easy, status);
    t->response->opened = (unsigned)connects;
    t->response->is_reused = status > 0 && connects == 0;
    t->response->no_descriptor = code == CURLE_COULDNT_CONNECT && t->stop == TRANSFER_STOP_NO_DESCRIPTOR;
    if (t->request->include & FETCH_INCLUDE_TIMINGS)
        add_timings(t->easy, t->request->lookup_us, &t->result->timings);
    if (t->request->include & FETCH_INCLUDE_CONNECTION)
        note_connection(t->easy, t->response->is_reused, &t->result->connection);
}

/* libcurl counts connections that died under a request over the life of the handle, and fails every sixth such fetch. A
 * reset clears the count and keeps connections and TLS sessions; none has died when all went well over the one that was
 * there. */
static void let_go(struct transfer *t, CURLcode code) {
    (void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    if (t->request->addresses)
        (void)curl_easy_setopt(t->easy, CURLOPT_RESOLVE, NULL);
    if (t->request->body)
        (void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
    if (!code && t->response->opened == 0 && t->request->decompress)
        return;
    curl_easy_reset(t->easy);
    t->response->is_broken = transfer_configure(t->easy, t->setup) != ERR_NONE;
}

void transfer_perform(CURL *easy, const struct transfer_request *request, struct fetch_result *result,
                      struct transfer_response *ret_response) {
    struct transfer t = {.easy = easy, .request = request, .result = result, .response = ret_response};
    char *setup = NULL; /* the type that CURLINFO_PRIVATE is declared with */
    *ret_response = (struct transfer_response){0};
    result->size_bytes = 0;
    buf_clear(&result->body);
    buf_clear(&result->headers);
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &setup);
    t.setup = (const struct transfer_setup *)(void *)setup;
    CURLcode code = set_request(easy, &t);
    if (!code)
        code = curl_easy_perform(easy);
    if (!code && !t.header_ended) /* libcurl takes a header that breaks off for a whole one */
        code = CURLE_RECV_ERROR;
    note_response(&t, code);
    if (code && t.stop != TRANSFER_STOP_REDIRECT_BODY) {
        const struct transfer_failure failure = {
            .easy = easy,
            .code = code,
            .request = request,
            .stop = t.stop,
            .is_encoded = t.is_encoded,
            .text = t.error_text,
        };
        transfer_error_tell(&failure, result);
    }
    let_go(&t, code);
}
