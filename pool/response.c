#include "pool/response.h"

#include "base/clock.h"
#include "pool/hop_record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESPONSE_MAX_HEADERS = 1000,
    RESPONSE_MAX_INTERIM = 10,
    RESPONSE_MAX_LENGTH_DIGITS = 18,          /* more do not fit */
    RESPONSE_REDIRECT_BODY_BYTES = 64 * 1024, /* read and dropped to keep the connection; beyond, closing is cheaper */
    RESPONSE_ENCODED_SPARE_BYTES = 64 * 1024,
    RESPONSE_FIRST_SOUND_LIBCURL = 0x080101, /* curl issue 11101 */
};

static size_t stop(struct response *r, enum transfer_stop why) {
    r->stop = why;
    return 0; /* fewer than were given: libcurl ends with CURLE_WRITE_ERROR */
}

static enum transfer_stop stop_for(enum err err) {
    switch (err) {
    case ERR_NONE:
        return TRANSFER_STOP_NONE;
    case ERR_LIMIT:
        return TRANSFER_STOP_TOO_LARGE;
    case ERR_INVALID:
        return TRANSFER_STOP_DECODE;
    default:
        return TRANSFER_STOP_NOMEM;
    }
}

static long status_of(const struct response *r) {
    long status = 0;
    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* ---- headers that matter to us ---- */

/* The first one counts. */
static enum transfer_stop take_location(struct response *r, const char *value, size_t len) {
    if (!r->location)
        r->location = strndup(value, len);
    return r->location ? TRANSFER_STOP_NONE : TRANSFER_STOP_NOMEM;
}

static enum transfer_stop take_codings(struct response *r, const char *value, size_t len) {
    r->in_codings = true;
    decode_codings_add(&r->codings, value, len);
    return TRANSFER_STOP_NONE;
}

/* RFC 9112, section 6.3: two lengths leave open where the response ends. */
static enum transfer_stop take_length(struct response *r, const char *value, size_t len) {
    int64_t length = 0;
    if (len == 0 || len > RESPONSE_MAX_LENGTH_DIGITS)
        return TRANSFER_STOP_BAD_LENGTH;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)value[i]))
            return TRANSFER_STOP_BAD_LENGTH;
        length = length * 10 + (value[i] - '0');
    }
    if (r->has_length && r->length != length)
        return TRANSFER_STOP_BAD_LENGTH;
    r->has_length = true;
    r->length = length;
    return TRANSFER_STOP_NONE;
}

/* No other was asked for, RFC 9112, section 7.4; libcurl would take gzip off, and not notice when it is cut short. */
static enum transfer_stop take_transfer_coding(struct response *r, const char *value, size_t len) {
    (void)r;
    bool fine =
        (len == 7 && strncasecmp(value, "chunked", len) == 0) || (len == 8 && strncasecmp(value, "identity", len) == 0);
    return fine ? TRANSFER_STOP_NONE : TRANSFER_STOP_TRANSFER_CODING;
}

static const struct {
    const char *name;
    size_t len;
    enum transfer_stop (*take)(struct response *r, const char *value, size_t len);
} headers_table[] = {
    {"location", 8, take_location},
    {"content-encoding", 16, take_codings},
    {"content-length", 14, take_length},
    {"transfer-encoding", 17, take_transfer_coding},
};

/* ---- heads ---- */

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

static enum transfer_stop take_header(struct response *r, const char *line, size_t name_len, const char *value,
                                      size_t value_len) {
    enum transfer_stop why = TRANSFER_STOP_NONE;
    for (size_t i = 0; i < sizeof headers_table / sizeof headers_table[0]; i++)
        if (headers_table[i].len == name_len && strncasecmp(headers_table[i].name, line, name_len) == 0)
            why = headers_table[i].take(r, value, value_len);
    if (!why && r->request->include & FETCH_INCLUDE_HEADERS &&
        keep_header(&r->result->headers, line, name_len, value, value_len))
        why = TRANSFER_STOP_NOMEM;
    return why;
}

/* What may stand around a value, and the end of its line. No more, as libcurl reads some values too. */
static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A line that goes on from the one before is left out, as nobody sends them any more; but what encodes the body must be
 * known whole. RFC 9112, section 5.2. */
static enum transfer_stop take_folded(struct response *r) {
    if (r->in_codings)
        r->codings.err = ERR_INVALID;
    return TRANSFER_STOP_NONE;
}

static enum transfer_stop take_line(struct response *r, const char *line, size_t n) {
    const char *colon = memchr(line, ':', n);
    if (++r->header_count > RESPONSE_MAX_HEADERS)
        return TRANSFER_STOP_TOO_MANY_HEADERS;
    if (r->part == RESPONSE_BODY) /* a trailer */
        return TRANSFER_STOP_NONE;
    if (is_blank(line[0]))
        return take_folded(r);
    r->in_codings = false;
    if (!colon || colon == line || is_blank(colon[-1])) /* RFC 9112, section 5.1 */
        return TRANSFER_STOP_BAD_HEADER;
    const char *value = colon + 1;
    const char *end = line + n;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    return take_header(r, line, (size_t)(colon - line), value, (size_t)(end - value));
}

/* libcurl would believe a line that names HTTP/2 where that was not agreed on, and manage the connection as if it were.
 */
static bool is_version_asked_for(const struct response *r, const char *line, size_t n) {
    if (n <= 7)
        return false;
    bool is_1 = memcmp(line + 5, "1.", 2) == 0;
    return r->request->http_version == FETCH_HTTP_1_1
               ? is_1
               : (is_1 && r->request->http_version == FETCH_HTTP_AUTO) || memcmp(line + 5, "2 ", 2) == 0;
}

/* What an informational response before it has left is forgotten. */
static enum transfer_stop begin_head(struct response *r, const char *line, size_t n) {
    r->part = RESPONSE_HEAD;
    r->header_count = 0;
    r->has_length = false;
    r->in_codings = false;
    r->codings = (struct decode_codings){0};
    free(r->location);
    r->location = NULL;
    buf_clear(&r->result->headers);
    return is_version_asked_for(r, line, n) ? TRANSFER_STOP_NONE : TRANSFER_STOP_BAD_VERSION;
}

static enum transfer_stop end_head(struct response *r) {
    if (r->part == RESPONSE_BODY) /* the end of the trailers */
        return TRANSFER_STOP_NONE;
    long status = status_of(r);
    r->part = status / 100 == 1 && status != 101 ? RESPONSE_START : RESPONSE_BODY;
    if (status == 101)
        return TRANSFER_STOP_SWITCHED;
    return r->part == RESPONSE_START && ++r->interim_count > RESPONSE_MAX_INTERIM ? TRANSFER_STOP_TOO_MANY_INTERIM
                                                                                  : TRANSFER_STOP_NONE;
}

size_t response_on_header(char *line, size_t size, size_t count, void *arg) {
    struct response *r = arg;
    enum transfer_stop why = TRANSFER_STOP_NONE;
    size_t n = size * count;
    bool begins = r->part == RESPONSE_START, is_head = r->part != RESPONSE_BODY;
    r->header_bytes += (int64_t)n;
    if (r->header_bytes > r->setup->max_header_bytes)
        why = TRANSFER_STOP_HEADERS_TOO_LARGE;
    else if (r->part == RESPONSE_START)
        why = begin_head(r, line, n);
    else if (line[0] == '\r' || line[0] == '\n')
        why = end_head(r);
    else
        why = take_line(r, line, n);
    if (!why && is_head && hop_record_line(r->request->hop, begins, line, n))
        why = TRANSFER_STOP_NOMEM;
    return why ? stop(r, why) : n;
}

bool response_must_trace(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num < RESPONSE_FIRST_SOUND_LIBCURL;
}

int response_on_trace(CURL *easy, curl_infotype type, char *line, size_t n, void *arg) {
    const struct response *r = arg;
    (void)easy;
    hop_record_trace(r->request->hop, type, line, n);
    if (type == CURLINFO_HEADER_IN && n > 0 && r->part == RESPONSE_HEAD && r->header_count == 0 && is_blank(line[0]) &&
        line[0] != '\r' && line[0] != '\n')
        line[0] = ':';
    return 0;
}

/* ---- the body ---- */

static enum err keep_body(void *arg, const char *bytes, size_t n) {
    struct response *r = arg;
    if ((int64_t)n > r->request->max_size_bytes - r->result->size_bytes)
        return ERR_LIMIT;
    r->result->size_bytes += (int64_t)n;
    if (r->digest && digest_add(r->digest, bytes, n))
        return ERR_LIBRARY;
    return r->request->include & FETCH_INCLUDE_BODY ? buf_append(&r->result->body, bytes, n) : ERR_NONE;
}

/* An encoding that does its work makes a body smaller, and one that cannot a little larger. */
static int64_t max_encoded_bytes(const struct response *r) {
    int64_t max = r->request->max_size_bytes;
    return max > INT64_MAX / 4 ? INT64_MAX : max + max / 8 + RESPONSE_ENCODED_SPARE_BYTES;
}

static enum transfer_stop begin_decoding(struct response *r) {
    const struct decode_options options = {
        .codings = &r->codings,
        .max_read_bytes = max_encoded_bytes(r),
        .max_size_bytes = r->request->max_size_bytes,
        .sink = keep_body,
        .arg = r,
    };
    if (r->codings.err)
        return TRANSFER_STOP_UNKNOWN_CODING;
    return stop_for(decode_create(&options, &r->decode));
}

static enum transfer_stop begin_body(struct response *r) {
    curl_off_t length = -1;
    bool is_encoded = r->request->decompress && (r->codings.count > 0 || r->codings.err);
    r->body_began = true;
    r->drop_body = r->request->drop_body || (r->request->follow && r->location && transfer_is_redirect(status_of(r)));
    if (r->drop_body)
        return TRANSFER_STOP_NONE;
    if (r->request->include & FETCH_INCLUDE_SHA256 && digest_create(&r->digest))
        return TRANSFER_STOP_NOMEM;
    (void)curl_easy_getinfo(r->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > (is_encoded ? max_encoded_bytes(r) : r->request->max_size_bytes))
        return TRANSFER_STOP_TOO_LARGE;
    return is_encoded ? begin_decoding(r) : TRANSFER_STOP_NONE;
}

static enum transfer_stop take_body(struct response *r, const char *bytes, size_t n) {
    if (r->drop_body)
        return r->body_bytes > RESPONSE_REDIRECT_BODY_BYTES ? TRANSFER_STOP_REDIRECT_BODY : TRANSFER_STOP_NONE;
    return stop_for(r->decode ? decode_write(r->decode, bytes, n) : keep_body(r, bytes, n));
}

size_t response_on_body(char *bytes, size_t size, size_t count, void *arg) {
    struct response *r = arg;
    size_t n = size * count;
    enum transfer_stop why = r->body_began ? TRANSFER_STOP_NONE : begin_body(r);
    r->body_bytes += (int64_t)n;
    if (!why)
        why = take_body(r, bytes, n);
    return why ? stop(r, why) : n;
}

/* ---- time and end ---- */

bool response_is_too_slow(struct response *r) {
    int64_t bytes = r->header_bytes + r->body_bytes;
    if (r->part == RESPONSE_START || r->setup->low_speed_bytes == 0) {
        r->window_start_ms = 0;
        return false;
    }
    int64_t now_ms = clock_now_ms();
    bool is_over = r->window_start_ms > 0 && now_ms - r->window_start_ms >= r->setup->low_speed_time_ms;
    bool is_slow =
        is_over && (bytes - r->window_bytes) * 1000 < r->setup->low_speed_bytes * (now_ms - r->window_start_ms);
    if (is_over || r->window_start_ms == 0) {
        r->window_start_ms = now_ms;
        r->window_bytes = bytes;
    }
    if (is_slow)
        r->stop = TRANSFER_STOP_TOO_SLOW;
    return is_slow;
}

CURLcode response_end(struct response *r) {
    if (r->part != RESPONSE_BODY) /* libcurl takes a head that breaks off for a whole one */
        return CURLE_RECV_ERROR;
    return r->decode && decode_end(r->decode) ? CURLE_BAD_CONTENT_ENCODING : CURLE_OK;
}

/* Where there was no body, its digest is that of no bytes. */
enum err response_digest(struct response *r) {
    enum err err = ERR_NONE;
    if (!(r->request->include & FETCH_INCLUDE_SHA256))
        return ERR_NONE;
    if (!r->digest)
        err = digest_create(&r->digest);
    return err ? err : digest_end(r->digest, r->result->sha256);
}

void response_fini(struct response *r) {
    decode_destroy(r->decode);
    digest_destroy(r->digest);
    free(r->location);
}
