/* Reads the head of a message (RFC 9112): its first line, and its fields one after the other. What is not a field is
 * passed over, as is a line that goes on from the one before. */
#ifndef FETCHPOOL_POOL_HEAD_H
#define FETCHPOOL_POOL_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* A stretch of the head; borrowed from it. */
struct head_text {
    const char *text;
    size_t len;
};

struct head_field {
    struct head_text name;
    struct head_text value; /* without blanks at its ends */
};

/* Fields are private. */
struct head {
    const char *next;
    const char *end;
};

/* `text` of `len` bytes is borrowed as long as it is read; it may be empty. Gives the first line without its end. */
struct head_text head_begin(struct head *h, const char *text, size_t len);

/* The next field, or false. */
bool head_next(struct head *h, struct head_field *ret_field);

/* Whether that is the name, in whatever case. */
bool head_is(const struct head_field *field, const char *name);

/* The first field of that name in a head, or false. */
bool head_find(const char *text, size_t len, const char *name, struct head_text *ret_value);

/* The next word of a text, up to a blank, and what stands behind it. Nothing is left: an empty one. */
struct head_text head_word(struct head_text *rest);

#endif
