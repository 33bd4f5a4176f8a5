#include "cli/remote_list.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/item.h"

#include <string.h>

/* Headers of one name stand together, option_value.c. */
static void put_headers(struct json *j, const struct fetch_options *fetch) {
    json_object_open(j);
    for (size_t i = 0; i < fetch->header_count;) {
        const char *name = fetch->headers[i];
        size_t len = strcspn(name, ":");
        json_key_text(j, name, len);
        json_array_open(j);
        for (; i < fetch->header_count && strncmp(fetch->headers[i], name, len + 1) == 0; i++)
            json_text(j, fetch->headers[i] + len + 2);
        json_array_close(j);
    }
    json_object_close(j);
}

static void put_body(struct json *j, const struct fetch_options *fetch) {
    bool is_text = utf8_is_valid(fetch->body, fetch->body_bytes) && !memchr(fetch->body, '\0', fetch->body_bytes);
    json_key(j, is_text ? "body" : "body_base64");
    if (is_text)
        json_string(j, fetch->body, fetch->body_bytes);
    else
        json_base64(j, fetch->body, fetch->body_bytes);
}

static void put_choice(struct json *j, const struct option_row *row, int choice) {
    const char *word = row->choices;
    for (; choice > 0; choice--)
        word += strcspn(word, "|") + 1;
    json_string(j, word, strcspn(word, "|"));
}

static void put_value(struct json *j, const struct option_row *row, const struct fetch_options *fetch,
                      const void *field) {
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_NOT:
        json_bool(j, *(const bool *)field);
        break;
    case OPTION_INT:
        json_int(j, *(const int *)field);
        break;
    case OPTION_CHOICE:
        put_choice(j, row, *(const int *)field);
        break;
    case OPTION_SECONDS:
        json_seconds(j, *(const int64_t *)field * 1000);
        break;
    case OPTION_METHOD:
        json_text(j, fetch->method);
        break;
    case OPTION_HEADER:
        put_headers(j, fetch);
        break;
    default:
        json_int(j, *(const int64_t *)field);
    }
}

/* `options` NULL: only what an item may say. */
static void put_options(struct json *j, const struct cli_options *options, const struct option_values *values) {
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        if (!row->field || row->kind == OPTION_INCLUDE || !option_table_is_set(values, row))
            continue;
        if (row->kind == OPTION_BODY) {
            put_body(j, &values->fetch);
            continue;
        }
        json_key(j, row->field);
        put_value(j, row, &values->fetch,
                  (const char *)(row->per_item ? (const void *)&values->fetch : options) + row->offset);
    }
}

/* What the program needs is more than what was said. */
static void put_include(struct json *j, unsigned include) {
    json_key(j, "include");
    json_array_open(j);
    for (unsigned part = 1; part && part <= include; part <<= 1)
        if (include & part)
            json_text(j, fetch_include_name(part));
    json_array_close(j);
}

static void put_item(struct json *j, const struct fetch_item *item) {
    const struct option_values *own = item_values(item);
    if (!own && !item->id) {
        json_text(j, item->url);
        return;
    }
    json_object_open(j);
    json_key(j, "url");
    json_text(j, item->url);
    if (item->id) {
        json_key(j, "id");
        json_text(j, item->id);
    }
    if (own) {
        put_options(j, NULL, own);
        put_include(j, own->fetch.include);
    }
    json_object_close(j);
}

enum err remote_list_write(const struct job *job, struct buf *out) {
    struct json j;
    json_begin(&j, out);
    json_object_open(&j);
    put_options(&j, job->options, &job->options->values);
    put_include(&j, job->list.options.include);
    if (job->results.sequence || !job->results.output->encode) { /* nobody waits for the order of the list */
        json_key(&j, "order");
        json_text(&j, "completion");
    }
    json_key(&j, "urls");
    json_array_open(&j);
    for (size_t i = 0; i < job->list.count; i++)
        put_item(&j, &job->list.items[i]);
    json_array_close(&j);
    json_object_close(&j);
    return json_end(&j);
}
