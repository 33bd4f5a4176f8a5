#include "pool/result_csv.h"

#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool needs_quotes(const char *text, size_t len) {
    if (len == 0 || is_blank(text[0]) || is_blank(text[len - 1]))
        return true;
    for (size_t i = 0; i < len; i++)
        if (text[i] == ',' || text[i] == '"' || (unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return true;
    return false;
}

/* A character, a quote doubled. Returns the bytes read. */
static size_t put_character(struct buf *out, const char *text, size_t len, enum err *err) {
    size_t n = utf8_sequence(text, len);
    if (n == 0)
        *err = buf_append_text(out, "\xEF\xBF\xBD");
    else
        *err = buf_append(out, text, n);
    if (!*err && *text == '"')
        *err = buf_append_char(out, '"');
    return n > 0 ? n : 1;
}

static size_t plain_run(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && (unsigned char)text[n] < 0x80 && text[n] != '"')
        n++;
    return n;
}

static enum err put_text(struct buf *out, const char *text) {
    size_t len = strlen(text);
    bool quoted = needs_quotes(text, len);
    enum err err = quoted ? buf_append_char(out, '"') : ERR_NONE;
    while (len > 0 && !err) {
        size_t n = plain_run(text, len);
        if (n > 0)
            err = buf_append(out, text, n);
        else
            n = put_character(out, text, len, &err);
        text += n;
        len -= n;
    }
    return !err && quoted ? buf_append_char(out, '"') : err;
}

static enum err put_outcome(struct buf *out, const struct fetch_result *result) {
    if (!result->error)
        return buf_printf(out, "%d,%" PRId64 ",,,", result->status, result->size_bytes);
    enum err err = buf_append_text(out, "0,,");
    if (!err)
        err = put_text(out, result->error_text);
    return err ? err : buf_printf(out, ",%s,", fetch_error_name(result->error));
}

static enum err put_elapsed(struct buf *out, int64_t elapsed_us) {
    struct json number;
    json_begin(&number, out);
    json_seconds(&number, elapsed_us);
    return json_end(&number);
}

enum err result_csv(struct buf *out, const struct fetch_item *item, size_t index, const struct fetch_result *result) {
    enum err err = put_text(out, item->url);
    if (!err)
        err = buf_printf(out, ",%zu,", index);
    if (!err)
        err = put_outcome(out, result);
    if (!err)
        err = put_elapsed(out, result->elapsed_us);
    if (!err)
        err = buf_append_char(out, ',');
    return !err && item->id ? put_text(out, item->id) : err;
}
