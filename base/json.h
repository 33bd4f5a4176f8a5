/* Writes JSON text (RFC 8259) into a buffer.
 *
 * For what is written often: each result of each fetch. Building a tree first costs four times as much. Commas are set
 * by the writer; the caller opens and closes what it has opened. The first failure stays and is told by json_end. */
#ifndef FETCHPOOL_BASE_JSON_H
#define FETCHPOOL_BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded by value; fields are private. */
struct json {
    struct buf *out;
    enum err err;
    bool comma; /* the next value in this object or array needs a comma before it */
};

/* Borrows `out` until json_end. */
void json_begin(struct json *j, struct buf *out);

/* The same in the middle of an object or array that has a value already. */
void json_resume(struct json *j, struct buf *out);

/* The first error of all calls since json_begin: ERR_LIMIT, ERR_NOMEM. What was written then is not whole. */
enum err json_end(struct json *j) ERR_MUST_CHECK;

void json_object_open(struct json *j);
void json_object_close(struct json *j);
void json_array_open(struct json *j);
void json_array_close(struct json *j);

/* `key` is written as it stands: plain ASCII without quotes. json_key_text takes any bytes. */
void json_key(struct json *j, const char *key);
void json_key_text(struct json *j, const char *key, size_t len);

/* Any bytes: what is not UTF-8 becomes U+FFFD, one for each such byte. */
void json_string(struct json *j, const char *text, size_t len);

/* Bytes that json_string would write, the quotes included. */
size_t json_string_bytes(const char *text, size_t len);

/* Whether json_string would write the same for both. */
bool json_is_same_string(const char *a, const char *b);

/* Makes room for `more` bytes at once, when much is to come. */
void json_reserve(struct json *j, size_t more);

void json_text(struct json *j, const char *text);
void json_base64(struct json *j, const void *bytes, size_t len);
void json_int(struct json *j, int64_t value);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);

/* Microseconds written as seconds with as many decimals as they need, six at most. */
void json_seconds(struct json *j, int64_t value_us);

/* The same as milliseconds, three decimals at most. */
void json_milliseconds(struct json *j, int64_t value_us);

#endif
