#include "pool/har_head.h"

#include <string.h>

static void put_stretch(struct json *j, const char *key, struct head_text text) {
    json_key(j, key);
    json_string(j, text.text, text.len);
}

static void put_pair(struct json *j, struct head_text name, struct head_text value) {
    json_object_open(j);
    put_stretch(j, "name", name);
    put_stretch(j, "value", value);
    json_object_close(j);
}

/* What stands before the first such character, or all; `rest` keeps what stands behind it. */
static struct head_text cut(struct head_text *rest, char at) {
    const char *found = rest->len > 0 ? memchr(rest->text, at, rest->len) : NULL;
    struct head_text before = {.text = rest->text, .len = found ? (size_t)(found - rest->text) : rest->len};
    size_t skip = before.len + (found ? 1 : 0);
    rest->text += skip;
    rest->len -= skip;
    return before;
}

/* ---- fields ---- */

static bool is_secret(const struct head_field *field) {
    static const char *const names[] = {"authorization", "cookie", "set-cookie"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (head_is(field, names[i]))
            return true;
    return false;
}

void har_head_put_headers(struct json *j, const struct buf *head, bool with_secrets) {
    struct head h;
    struct head_field field;
    (void)head_begin(&h, head->data, head->len);
    json_key(j, "headers");
    json_array_open(j);
    while (head_next(&h, &field))
        if (with_secrets || !is_secret(&field))
            put_pair(j, field.name, field.value);
    json_array_close(j);
}

static void put_cookie(struct json *j, struct head_text pair) {
    while (pair.len > 0 && *pair.text == ' ') {
        pair.text++;
        pair.len--;
    }
    struct head_text name = cut(&pair, '=');
    if (name.len > 0)
        put_pair(j, name, pair);
}

/* RFC 6265: in Cookie all parts are cookies, in Set-Cookie the others are attributes, which the header tells. */
void har_head_put_cookies(struct json *j, const struct buf *head, bool is_request, bool with_secrets) {
    struct head h;
    struct head_field field;
    (void)head_begin(&h, head->data, head->len);
    json_key(j, "cookies");
    json_array_open(j);
    while (with_secrets && head_next(&h, &field)) {
        if (!head_is(&field, is_request ? "cookie" : "set-cookie"))
            continue;
        do
            put_cookie(j, cut(&field.value, ';'));
        while (is_request && field.value.len > 0);
    }
    json_array_close(j);
}

/* ---- the first line ---- */

/* "GET / HTTP/1.1" or "HTTP/1.1 200 OK". */
void har_head_put_version(struct json *j, const struct buf *head, bool is_request) {
    struct head h;
    struct head_text line = head_begin(&h, head->data, head->len);
    struct head_text word = head_word(&line);
    while (is_request && line.len > 0)
        word = head_word(&line);
    put_stretch(j, "httpVersion", word);
}

void har_head_put_reason(struct json *j, const struct buf *head) {
    struct head h;
    struct head_text line = head_begin(&h, head->data, head->len);
    (void)head_word(&line);
    (void)head_word(&line);
    put_stretch(j, "statusText", line);
}

/* ---- the URL ---- */

void har_head_put_query(struct json *j, const char *url) {
    const char *mark = strpbrk(url, "?#");
    struct head_text rest = {.text = mark && *mark == '?' ? mark + 1 : ""};
    rest.len = strcspn(rest.text, "#");
    json_key(j, "queryString");
    json_array_open(j);
    while (rest.len > 0) {
        struct head_text value = cut(&rest, '&');
        struct head_text name = cut(&value, '=');
        if (name.len + value.len > 0)
            put_pair(j, name, value);
    }
    json_array_close(j);
}
