/* Walks over the members of an array or an object in a JSON text, without building anything.
 *
 * So that a tree is built of one member at a time: a tree is many times as large as its text. Only for texts that
 * json_scan has accepted, with a NUL behind. Plain structures; all borrow the text. */
#ifndef FETCHPOOL_BASE_JSON_WALK_H
#define FETCHPOOL_BASE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>

/* A value without the blanks around it. Its first byte tells the kind: '[', '{', '"', or that of another. */
struct json_part {
    const char *text;
    size_t len;
    size_t values; /* in it, itself included; names do not count */
};

/* Fields are private. */
struct json_walk {
    const char *at;
    bool is_object;
};

/* The value that the text is, with all that it holds looked at. */
struct json_part json_walk_whole(const char *text);

/* `text` begins with '[' or '{'. */
void json_walk_begin(struct json_walk *w, const char *text);

/* The next member, and of an object its name, a string with its quotes. False: there is none. */
bool json_walk_next(struct json_walk *w, struct json_part *ret_name, struct json_part *ret_value);

#endif
