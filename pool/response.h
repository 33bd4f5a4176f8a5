/* The response of one transfer as it comes in: its heads, its body, whether it is too long, too slow or not HTTP. What
 * is wanted of it goes into the fetch_result. Used by pool/transfer.c only. */
#ifndef FETCHPOOL_POOL_RESPONSE_H
#define FETCHPOOL_POOL_RESPONSE_H

#include "pool/decode.h"
#include "pool/digest.h"
#include "pool/transfer.h"
#include "pool/transfer_error.h"

#include <curl/curl.h>

/* Where the lines are that libcurl hands on. */
enum response_part {
    RESPONSE_START, /* before a status line: the first, or the one after an informational response */
    RESPONSE_HEAD,
    RESPONSE_BODY, /* behind the head: what still comes are trailers */
};

/* All but `easy`, `setup`, `request` and `result`, which are borrowed, is 0 at first. */
struct response {
    CURL *easy;
    const struct transfer_setup *setup;
    const struct transfer_request *request;
    struct fetch_result *result;
    enum transfer_stop stop; /* why a callback ended the transfer; transfer.c notes its own reasons here too */
    char *location;          /* of a redirect; owned, until it is taken out */

    /* Private. */
    enum response_part part;
    unsigned header_count;
    unsigned interim_count;
    int64_t header_bytes; /* of all heads and trailers */
    int64_t body_bytes;   /* as they came, encoded or not */
    int64_t length;       /* Content-Length */
    bool has_length;
    bool in_codings; /* the last line was a Content-Encoding */
    bool body_began;
    bool drop_body;
    struct decode_codings codings;
    struct decode *decode;
    struct digest *digest;
    int64_t window_start_ms; /* 0: none */
    int64_t window_bytes;
};

/* For CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; the response is their data. They end the transfer by returning
 * less than they were given, and `stop` says why. */
size_t response_on_header(char *line, size_t size, size_t count, void *arg);
size_t response_on_body(char *bytes, size_t size, size_t count, void *arg);

/* For CURLOPT_DEBUGFUNCTION, where response_must_trace or the hop is recorded; the response is its data. libcurl
 * before 8.1.1 takes a first line that begins with a blank for a part of the header before it, which, in a handle that
 * was used before, is one of the last response and has been freed. It shows each line here before it does that, and the
 * blank is taken from it: what is left is no header, and ends the transfer in response_on_header. */
int response_on_trace(CURL *easy, curl_infotype type, char *line, size_t n, void *arg);

/* Any thread. */
bool response_must_trace(void);

/* Asked now and then: whether what has come since it was asked last ends a stretch of fetch.low_speed_time with less
 * than fetch.low_speed_limit. Never while nothing has come: to wait for an answer is what `timeout` is for. */
bool response_is_too_slow(struct response *r);

/* libcurl says that all is well: the code that stands for what is not. The head may have broken off, or the encoded
 * body may not be whole. */
CURLcode response_end(struct response *r);

/* The body is whole: has its digest put into the result, if that is asked for. ERR_NOMEM, ERR_LIBRARY. */
enum err response_digest(struct response *r) ERR_MUST_CHECK;

/* Frees what it owns. */
void response_fini(struct response *r);

#endif
