#include "pool/transfer.h"

#include "base/files.h"
#include "pool/crypto.h"
#include "pool/gate.h"
#include "pool/hop_record.h"
#include "pool/response.h"
#include "pool/tls_info.h"
#include "pool/transfer_error.h"
#include "pool/transfer_info.h"
#include "pool/transfer_stats.h"
#include "pool/url_sent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TRANSFER_FIRST_REUSE_LIBCURL = 0x080000, /* of connections with prior knowledge; curl issue 10634 */
    TRANSFER_IDLE_CONNECTION_S = 60,         /* below the keep-alive time of usual servers, to spare useless tries */
};

struct transfer {
    CURL *easy;
    const struct transfer_setup *setup;
    const struct transfer_request *request;
    struct fetch_result *result;
    struct transfer_response *told;
    struct gate gate;
    struct response response;
    char error_text[CURL_ERROR_SIZE];
};

bool transfer_is_redirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool transfer_is_idempotent(const char *method) {
    return strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0;
}

/* ---- callbacks beside those of the response ---- */

static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    struct transfer *t = arg;
    (void)down_total, (void)down, (void)up_total, (void)up;
    bool is_cancelled = t->request->cancelled && atomic_load(t->request->cancelled) != FETCH_OK;
    return is_cancelled || !gate_still_admits(&t->gate) || response_is_too_slow(&t->response);
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

/* libcurl connects to the very address that is judged here. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct transfer *t = arg;
    (void)purpose;
    if (!gate_admits(&t->gate, &address->addr, (socklen_t)address->addrlen))
        return CURL_SOCKET_BAD;
    if (is_sent_again(t)) {
        t->response.stop = TRANSFER_STOP_SENT_AGAIN;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    bool spare = fd >= 0 && files_is_spare(fd);
    if (spare || (fd < 0 && (errno == EMFILE || errno == ENFILE)))
        t->response.stop = TRANSFER_STOP_NO_DESCRIPTOR;
    if (!spare)
        return fd;
    (void)close(fd); /* was never used */
    return CURL_SOCKET_BAD;
}

/* Nothing was sent yet. */
static enum transfer_stop look_at_connection(struct transfer *t) {
    const struct transfer_request *r = t->request;
    if (r->http_version == FETCH_HTTP_2 && tls_info_is_without_http2(t->easy))
        return TRANSFER_STOP_NO_HTTP2;
    if (r->include & FETCH_INCLUDE_TLS && tls_info_read(t->easy, &t->result->tls))
        return TRANSFER_STOP_NOMEM;
    return TRANSFER_STOP_NONE;
}

static int on_request(void *arg, char *address, char *local_address, int port, int local_port) {
    struct transfer *t = arg;
    (void)local_address, (void)local_port;
    if (!gate_admits_text(&t->gate, address, port))
        return CURL_PREREQFUNC_ABORT;
    enum transfer_stop why = look_at_connection(t);
    if (why)
        t->response.stop = why;
    return why ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
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
    crypto_wake_random();
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
    SET(CURLOPT_WRITEFUNCTION, response_on_body); /* as it comes: decode.h */
    SET(CURLOPT_HEADERFUNCTION, response_on_header);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_DEBUGFUNCTION, response_on_trace);
    SET(CURLOPT_VERBOSE, (long)setup->must_trace);
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

/* What libcurl makes of the option it makes for each request anew. What it finds in the list it does not make. */
static CURLcode set_headers(CURL *easy, const struct transfer *t) {
    const struct transfer_request *r = t->request;
    CURLcode code = CURLE_OK;
    bool plain = !r->headers && r->decompress;
    SET(CURLOPT_HTTPHEADER, plain ? t->setup->plain_headers : r->headers);
    SET(CURLOPT_USERAGENT, plain || !*t->setup->user_agent ? NULL : t->setup->user_agent);
    return code;
}

/* 0 would mean for ever. */
static long left_ms(int64_t timeout_ms, int64_t spent_us) {
    int64_t left = timeout_ms - spent_us / 1000;
    return left > 0 ? (long)left : 1;
}

static bool spoils_prior_knowledge(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num < TRANSFER_FIRST_REUSE_LIBCURL;
}

/* With TLS, libcurl 7.88 takes a kept connection that the server has closed for one that lives. Over HTTP/1 it sends
 * the request again then, which is not done with a POST; over HTTP/2 it does not. */
static bool must_live(const struct transfer_request *r) {
    return r->http_version != FETCH_HTTP_1_1 || !transfer_is_idempotent(r->method);
}

static bool is_closed_by_peer(CURL *easy) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    (void)curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
    struct pollfd kept = {.fd = fd, .events = POLLRDHUP};
    return fd != CURL_SOCKET_BAD && poll(&kept, 1, 0) > 0;
}

/* A handle serves one version, so that nobody has to set the usual one again. */
static CURLcode set_version(CURL *easy, const struct transfer_request *r) {
    CURLcode code = CURLE_OK;
    long version = r->prior_knowledge ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2TLS;
    SET(CURLOPT_HTTP_VERSION, version);
    if (r->prior_knowledge && spoils_prior_knowledge())
        SET(CURLOPT_FORBID_REUSE, 1L);
    return code;
}

static CURLcode set_url(CURL *easy, const char *url) {
    CURLcode code = CURLE_OK;
    char *target = NULL;
    enum err err = url_sent_target(url, &target);
    if (err)
        return err == ERR_NOMEM ? CURLE_OUT_OF_MEMORY : CURLE_URL_MALFORMAT;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_REQUEST_TARGET, target); /* is copied */
    free(target);
    return code;
}

/* All that differs between requests: what one sets, the next one sets again. */
static CURLcode set_request(CURL *easy, struct transfer *t) {
    const struct transfer_request *r = t->request;
    CURLcode code = set_method(easy, r);
    if (!code)
        code = set_headers(easy, t);
    if (!code && r->http_version != FETCH_HTTP_1_1)
        code = set_version(easy, r);
    if (must_live(r) && is_closed_by_peer(easy)) /* let_go takes it back */
        SET(CURLOPT_FRESH_CONNECT, 1L);
    if (!code)
        code = set_url(easy, r->url);
    if (r->addresses)
        SET(CURLOPT_RESOLVE, r->addresses);
    SET(CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, left_ms(r->connect_timeout_ms, r->lookup_us));
    SET(CURLOPT_WRITEDATA, &t->response);
    SET(CURLOPT_HEADERDATA, &t->response);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_XFERINFODATA, t);
    SET(CURLOPT_DEBUGDATA, &t->response);
    SET(CURLOPT_VERBOSE, (long)(t->setup->must_trace || r->hop));
    SET(CURLOPT_ERRORBUFFER, t->error_text);
    return code;
}

/* ---- what came of it ---- */

static void note_response(struct transfer *t, CURLcode code) {
    long status = 0, connects = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
    t->result->status = (int)status;
    t->result->retry_after_ms = transfer_info_retry_after_ms(t->easy, status);
    t->told->opened = (unsigned)connects;
    t->told->is_reused = status > 0 && connects == 0;
    t->told->no_descriptor = code == CURLE_COULDNT_CONNECT && t->response.stop == TRANSFER_STOP_NO_DESCRIPTOR;
    if (t->request->include & FETCH_INCLUDE_TIMINGS)
        transfer_info_add_timings(t->easy, t->request->lookup_us, &t->result->timings);
    if (t->request->include & FETCH_INCLUDE_CONNECTION)
        transfer_info_connection(t->easy, t->told->is_reused, &t->result->connection);
    hop_record_end(t->request->hop, t->easy, connects == 0, t->response.body_bytes);
}

/* libcurl counts connections that died under a request over the life of the handle, and fails every sixth such fetch. A
 * reset clears the count and keeps connections and TLS sessions; none has died when all went well over the one that was
 * there. Over HTTP/2 libcurl keeps the connection when it gives a stream up, and the server would go on sending. */
static void let_go(struct transfer *t, CURLcode code) {
    (void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    if (t->request->addresses)
        (void)curl_easy_setopt(t->easy, CURLOPT_RESOLVE, NULL);
    if (t->request->body)
        (void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
    if (!code && t->told->opened == 0)
        return;
    curl_easy_reset(t->easy);
    bool leaves_stream = code && t->request->http_version != FETCH_HTTP_1_1;
    t->told->is_broken = leaves_stream || t->gate.refused || transfer_configure(t->easy, t->setup) != ERR_NONE;
}

/* The callbacks may have ended it without need for more. */
static bool is_failure(enum transfer_stop stop) {
    return stop != TRANSFER_STOP_REDIRECT_BODY && stop != TRANSFER_STOP_SWITCHED;
}

static void fail(const struct transfer *t, CURLcode code) {
    const struct transfer_failure failure = {
        .easy = t->easy,
        .code = code,
        .request = t->request,
        .setup = t->setup,
        .stop = t->response.stop,
        .response_began = t->response.part != RESPONSE_START || t->response.interim_count > 0,
        .text = t->error_text,
    };
    transfer_error_tell(&failure, t->result);
}

static void clear(struct fetch_result *result) {
    result->size_bytes = 0;
    buf_clear(&result->body);
    buf_clear(&result->headers);
    if (result->tls.version)
        fetch_tls_clear(&result->tls);
    result->sha256[0] = '\0';
}

/* Before a failure takes the size away, and a reset the times. */
static void count(const struct transfer *t) {
    const struct transfer_stats told = {
        .easy = t->easy,
        .request = t->request,
        .opened = t->told->opened > 0,
        .received_bytes = t->response.header_bytes + t->response.body_bytes,
        .decoded_bytes = t->result->size_bytes,
    };
    transfer_stats_count(&told, t->setup->stats);
}

static void perform(struct transfer *t) {
    CURLcode code = set_request(t->easy, t);
    hop_record_begin(t->request->hop);
    if (!code)
        code = curl_easy_perform(t->easy);
    if (code == CURLE_OUT_OF_MEMORY || code == CURLE_COULDNT_RESOLVE_HOST)
        files_fill_standard(); /* libcurl 7.88 closes descriptor 0 when it has no memory to begin a lookup */
    if (!code)
        code = response_end(&t->response);
    if (code && t->gate.refused)
        t->response.stop = TRANSFER_STOP_BLOCKED;
    note_response(t, code);
    count(t);
    if (code && is_failure(t->response.stop))
        fail(t, code);
    else if (response_digest(&t->response))
        fetch_result_fail(t->result, FETCH_INTERNAL, err_text(ERR_NOMEM));
    let_go(t, code);
}

void transfer_perform(CURL *easy, const struct transfer_request *request, struct fetch_result *result,
                      struct transfer_response *ret_response) {
    char *private = NULL; /* the type that CURLINFO_PRIVATE is declared with */
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    const struct transfer_setup *setup = (void *)private;
    struct transfer t = {
        .easy = easy,
        .setup = setup,
        .request = request,
        .result = result,
        .told = ret_response,
        .gate = gate_of(setup->guard, request->host),
        .response = {.easy = easy, .setup = setup, .request = request, .result = result},
    };
    *ret_response = (struct transfer_response){0};
    clear(result);
    perform(&t);
    ret_response->location = t.response.location;
    t.response.location = NULL;
    response_fini(&t.response);
}
