#include "pool/head.h"

#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static struct head_text trim(const char *text, const char *end) {
    while (text < end && is_blank(*text))
        text++;
    while (end > text && (is_blank(end[-1]) || end[-1] == '\r'))
        end--;
    return (struct head_text){.text = text, .len = (size_t)(end - text)};
}

static struct head_text next_line(struct head *h) {
    const char *start = h->next;
    size_t left = (size_t)(h->end - start);
    const char *end = left > 0 ? memchr(start, '\n', left) : NULL;
    h->next = end ? end + 1 : h->end;
    if (!end)
        end = h->end;
    return (struct head_text){.text = start, .len = (size_t)(end - start)};
}

struct head_text head_begin(struct head *h, const char *text, size_t len) {
    if (len == 0)
        text = "";
    *h = (struct head){.next = text, .end = text + len};
    struct head_text line = next_line(h);
    return trim(line.text, line.text + line.len);
}

static bool read_field(struct head_text line, struct head_field *ret_field) {
    const char *colon = line.len > 0 ? memchr(line.text, ':', line.len) : NULL;
    if (!colon || colon == line.text || is_blank(line.text[0]))
        return false;
    ret_field->name = (struct head_text){.text = line.text, .len = (size_t)(colon - line.text)};
    ret_field->value = trim(colon + 1, line.text + line.len);
    return true;
}

bool head_next(struct head *h, struct head_field *ret_field) {
    while (h->next < h->end)
        if (read_field(next_line(h), ret_field))
            return true;
    return false;
}

bool head_is(const struct head_field *field, const char *name) {
    return strlen(name) == field->name.len && strncasecmp(field->name.text, name, field->name.len) == 0;
}

bool head_find(const char *text, size_t len, const char *name, struct head_text *ret_value) {
    struct head h;
    struct head_field field;
    (void)head_begin(&h, text, len);
    while (head_next(&h, &field))
        if (head_is(&field, name)) {
            *ret_value = field.value;
            return true;
        }
    return false;
}

struct head_text head_word(struct head_text *rest) {
    struct head_text word = {.text = rest->text};
    while (word.len < rest->len && !is_blank(word.text[word.len]))
        word.len++;
    size_t skip = word.len;
    while (skip < rest->len && is_blank(rest->text[skip]))
        skip++;
    rest->text += skip;
    rest->len -= skip;
    return word;
}
