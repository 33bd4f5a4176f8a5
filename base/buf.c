#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_CAPACITY = 128 };

void buf_init(struct buf *b, size_t max_bytes) {
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *b) {
    free(b->data);
    buf_init(b, b->max_bytes);
}

void buf_clear(struct buf *b) {
    b->len = 0;
}

enum err buf_reserve(struct buf *b, size_t more) {
    if (more > b->max_bytes - b->len)
        return ERR_LIMIT;
    size_t need = b->len + more;
    if (need <= b->capacity)
        return ERR_NONE;
    size_t capacity = b->capacity > SIZE_MAX / 2 ? need : b->capacity + b->capacity / 2;
    if (capacity < BUF_FIRST_CAPACITY)
        capacity = BUF_FIRST_CAPACITY;
    if (capacity < need) /* much at once gets what it needs, not more */
        capacity = need;
    if (capacity > b->max_bytes)
        capacity = b->max_bytes;
    char *data = realloc(b->data, capacity);
    if (!data)
        return ERR_NOMEM;
    b->data = data;
    b->capacity = capacity;
    return ERR_NONE;
}

enum err buf_append(struct buf *b, const void *bytes, size_t n) {
    enum err err = buf_reserve(b, n);
    if (err || n == 0)
        return err;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    return ERR_NONE;
}

enum err buf_append_text(struct buf *b, const char *text) {
    return buf_append(b, text, strlen(text));
}

enum err buf_append_char(struct buf *b, char c) {
    return buf_append(b, &c, 1);
}

enum err buf_printf(struct buf *b, const char *format, ...) {
    char small[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0)
        return ERR_INVALID;
    size_t len = (size_t)n;
    if (len < sizeof small)
        return buf_append(b, small, len);
    enum err err = buf_reserve(b, len);
    if (err)
        return err;
    char *large;
    va_start(args, format);
    n = vasprintf(&large, format, args);
    va_end(args);
    if (n < 0)
        return ERR_NOMEM;
    err = buf_append(b, large, len);
    free(large);
    return err;
}

enum err buf_terminate(struct buf *b) {
    enum err err = buf_append_char(b, '\0');
    if (!err)
        b->len--;
    return err;
}

char *buf_take(struct buf *b, size_t *ret_len) {
    *ret_len = b->len;
    if (b->len == 0)
        buf_fini(b);
    char *data = b->data;
    buf_init(b, b->max_bytes);
    return data;
}
