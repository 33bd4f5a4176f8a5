#include "cli/entry_read.h"

#include "base/base64.h"
#include "base/json_names.h"
#include "base/json_scan.h"

#include <string.h>

/* The member of that name; false: the value has none. */
static bool find(const struct json_part *value, const char *name, struct json_part *ret_member) {
    struct json_walk walk;
    struct json_part raw, member;
    if (*value->text != '{')
        return false;
    json_walk_begin(&walk, value->text);
    while (json_walk_next(&walk, &raw, &member))
        if (raw.len == strlen(name) + 2 && memcmp(raw.text + 1, name, raw.len - 2) == 0) {
            *ret_member = member;
            return true;
        }
    return false;
}

/* A result with nothing behind it but the end of its entry: there the name of a file is added, output.c. */
static bool is_at_the_end(const struct json_part *own, const char *text, size_t len) {
    return own->text + own->len == text + len - 1;
}

static enum err read_text(const struct json_part *text, bool is_base64, struct buf *body) {
    enum err err = *text->text == '"' ? buf_reserve(body, text->len) : ERR_INVALID;
    if (err)
        return err;
    body->len = json_names_decode(text->text + 1, text->len - 2, body->data);
    return is_base64 ? base64_decode(body->data, body->len, body->data, &body->len) : ERR_NONE;
}

static enum err read_body(const struct json_part *entry, struct fetch_result *result) {
    struct json_part response, content, text, encoding;
    if (!find(entry, "response", &response) || !find(&response, "content", &content) || !find(&content, "text", &text))
        return ERR_NONE;
    return read_text(&text, find(&content, "encoding", &encoding), &result->body);
}

enum err entry_read(const char *text, size_t len, struct result_line *ret_line, struct fetch_result *result,
                    bool *ret_is_last) {
    struct json_scan_fault fault;
    struct json_part own;
    if (json_scan_grammar(text, len, &fault))
        return ERR_INVALID;
    const struct json_part entry = json_walk_whole(text);
    if (*entry.text != '{')
        return ERR_INVALID;
    *ret_is_last = find(&entry, "_result", &own);
    if (!*ret_is_last)
        return ERR_NONE;
    enum err err = is_at_the_end(&own, text, len) ? result_read_part(&own, ret_line, result) : ERR_INVALID;
    if (!err && ret_line->is_end)
        err = ERR_INVALID;
    return err ? err : read_body(&entry, result);
}
