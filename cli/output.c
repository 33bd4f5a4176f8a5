#include "cli/output.h"

#include "pool/result_csv.h"
#include "pool/result_har.h"
#include "pool/result_json.h"

#include <string.h>

/* ---- JSON, and lines of it ---- */

static enum err begin_array(struct buf *out, bool saves) {
    (void)saves;
    return buf_append_char(out, '[');
}

static enum err encode_json(struct buf *out, const struct fetch_item *item, size_t index,
                            const struct fetch_options *options, const struct fetch_result *result) {
    (void)index; /* an array tells it by the place */
    return result_json(out, item, RESULT_JSON_NO_INDEX, options->include, result);
}

static enum err encode_line(struct buf *out, const struct fetch_item *item, size_t index,
                            const struct fetch_options *options, const struct fetch_result *result) {
    enum err err = result_json(out, item, index, options->include, result);
    return err ? err : buf_append_char(out, '\n');
}

/* The text ends in a brace, and a newline if it is a line. */
static enum err add_to_object(struct buf *text, const char *saved) {
    bool is_line = text->data[text->len - 1] == '\n';
    if (!saved)
        return ERR_NONE;
    text->len -= is_line ? 2 : 1;
    return buf_printf(text, ",\"saved\":\"%s\"}%s", saved, is_line ? "\n" : "");
}

/* ---- CSV ---- */

static enum err begin_csv(struct buf *out, bool saves) {
    static const char head[] = RESULT_CSV_HEAD;
    enum err err = buf_append(out, head, strlen(head) - strlen(RESULT_CSV_LINE_END));
    return err ? err : buf_append_text(out, saves ? ",saved" RESULT_CSV_LINE_END : RESULT_CSV_LINE_END);
}

static enum err encode_csv(struct buf *out, const struct fetch_item *item, size_t index,
                           const struct fetch_options *options, const struct fetch_result *result) {
    (void)options; /* the columns never change */
    enum err err = result_csv(out, item, index, result);
    return err ? err : buf_append_text(out, RESULT_CSV_LINE_END);
}

static enum err add_column(struct buf *text, const char *saved) {
    text->len -= strlen(RESULT_CSV_LINE_END);
    return buf_printf(text, ",%s" RESULT_CSV_LINE_END, saved ? saved : "");
}

/* ---- an HTTP Archive ---- */

static enum err begin_archive(struct buf *out, bool saves) {
    (void)saves;
    return buf_append_text(out, RESULT_HAR_HEAD);
}

/* The result stands last in its entry. */
static enum err add_to_entry(struct buf *text, const char *saved) {
    if (!saved)
        return ERR_NONE;
    text->len -= strlen("}}");
    return buf_printf(text, ",\"saved\":\"%s\"}}", saved);
}

static const struct output outputs[] = {
    [CLI_FORMAT_JSON] =
        {.begin = begin_array, .separator = ",\n", .end = "]\n", .encode = encode_json, .add_saved = add_to_object},
    [CLI_FORMAT_NDJSON] = {.separator = "", .end = "", .encode = encode_line, .add_saved = add_to_object},
    [CLI_FORMAT_CSV] = {.begin = begin_csv, .separator = "", .end = "", .encode = encode_csv, .add_saved = add_column},
    [CLI_FORMAT_HAR] = {.keeps_hops = true,
                        .begin = begin_archive,
                        .separator = RESULT_HAR_BETWEEN,
                        .end = RESULT_HAR_TAIL,
                        .encode = result_har,
                        .add_saved = add_to_entry},
    [CLI_FORMAT_TABLE] = {.include = FETCH_INCLUDE_TIMINGS, .separator = "", .end = ""},
};

const struct output *output_of(enum cli_format format) {
    return &outputs[format];
}
