#include "api/batch_decode.h"

#include "api/fetch_options.h"
#include "api/json_parse.h"
#include "base/json_names.h"
#include "base/json_walk.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum {
    DECODE_MAX_ID_BYTES = 1024,
    DECODE_VALUES_PER_URL = 8, /* JSON values a body may have for each URL it may have */
    DECODE_SPARE_VALUES = 4096,
    DECODE_MAX_MEMBER_VALUES = 1024, /* of an item or an option, of which a tree is built */
};

struct decode {
    const struct fetch_options_target *target; /* of the whole batch's options */
    const struct settings *settings;
    struct fetch_batch *batch;
    struct problem *problem;
    size_t lines; /* items read so far, in lists by line */
};

struct media_type {
    const char *name;
    enum batch_format format;
};

static const struct media_type media_types[] = {
    {"application/json", BATCH_FORMAT_JSON},
    {"application/x-ndjson", BATCH_FORMAT_JSON_LINES},
    {"application/ndjson", BATCH_FORMAT_JSON_LINES},
    {"application/jsonl", BATCH_FORMAT_JSON_LINES},
    {"text/plain", BATCH_FORMAT_TEXT},
};

static bool charset_is_utf8(const char *parameters) {
    const char *charset = strcasestr(parameters, "charset=");
    if (!charset)
        return true;
    charset += strlen("charset=");
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) == 0 && strchr("\"; \t", charset[5]); /* the end of the text, too */
}

bool batch_decode_format(const char *type, enum batch_format *ret_format, struct problem *ret_problem) {
    size_t len = type ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < sizeof media_types / sizeof media_types[0] && len > 0; i++)
        if (strlen(media_types[i].name) == len && strncasecmp(type, media_types[i].name, len) == 0 &&
            charset_is_utf8(type + len)) {
            *ret_format = media_types[i].format;
            return true;
        }
    problem_set(ret_problem, 415,
                "send the list with Content-Type application/json, application/x-ndjson or text/plain, in UTF-8 "
                "(with curl: -H 'Content-Type: application/json')");
    return false;
}

/* ---- JSON ---- */

/* Once enough faults were found, the rest is not looked at. */
static bool goes_on(const struct decode *d) {
    return d->problem->status == 0 || (d->problem->status == 422 && d->problem->error_count < PROBLEM_MAX_ERRORS);
}

static const char *copy_text(struct decode *d, const char *text, size_t len) {
    const char *copy = arena_copy(&d->batch->arena, text, len);
    if (!copy)
        problem_set(d->problem, 503, "out of memory");
    return copy;
}

static void refuse_too_many(struct decode *d) {
    problem_set(d->problem, 413, "more than %lld URLs (server.max_urls)", (long long)d->settings->server.max_urls);
}

static void add_item(struct decode *d, const struct fetch_item *item) {
    if (d->batch->count >= (size_t)d->settings->server.max_urls)
        refuse_too_many(d);
    else if (item->url && fetch_batch_add(d->batch, item))
        problem_set(d->problem, 503, "out of memory");
}

static void read_url(struct decode *d, const cJSON *value, const char *pointer, struct fetch_item *item) {
    if (cJSON_IsString(value))
        item->url = copy_text(d, value->valuestring, strlen(value->valuestring));
    else
        problem_add(d->problem, pointer, "url must be a string");
}

static void read_id(struct decode *d, const cJSON *value, const char *pointer, struct fetch_item *item) {
    if (cJSON_IsString(value) && strlen(value->valuestring) <= DECODE_MAX_ID_BYTES)
        item->id = copy_text(d, value->valuestring, strlen(value->valuestring));
    else
        problem_add(d->problem, pointer, "id must be a string of %d bytes at most", DECODE_MAX_ID_BYTES);
}

/* An item that says nothing of its own shares the options of the batch. */
static struct fetch_options *own_options(struct decode *d, struct fetch_item *item, struct fetch_options *own) {
    if (own)
        return own;
    own = arena_alloc(&d->batch->arena, sizeof *own);
    if (own)
        *own = d->batch->options;
    else
        problem_set(d->problem, 503, "out of memory");
    item->options = own;
    return own;
}

static struct fetch_options *read_item_field(struct decode *d, const cJSON *field, const char *prefix,
                                             const char *pointer, struct fetch_item *item, struct fetch_options *own) {
    if (strcmp(field->string, "url") == 0) {
        read_url(d, field, pointer, item);
        return own;
    }
    if (strcmp(field->string, "id") == 0) {
        read_id(d, field, pointer, item);
        return own;
    }
    own = own_options(d, item, own);
    const struct fetch_options_target target = {.settings = d->settings,
                                                .batch = d->batch,
                                                .options = own,
                                                .delivery = d->target->delivery,
                                                .is_item = true,
                                                .problem = d->problem};
    if (own && !fetch_options_read(&target, field->string, field, pointer))
        problem_add_unknown(d->problem, prefix, field->string);
    return own;
}

static void read_item_object(struct decode *d, const cJSON *json, const char *prefix) {
    char pointer[PROBLEM_POINTER_BYTES];
    struct fetch_item item = {0};
    struct fetch_options *own = NULL;
    const cJSON *field;
    cJSON_ArrayForEach(field, json) {
        problem_pointer(pointer, prefix, field->string);
        if (!goes_on(d))
            return;
        own = read_item_field(d, field, prefix, pointer, &item, own);
    }
    if (!cJSON_GetObjectItemCaseSensitive(json, "url"))
        problem_add(d->problem, prefix, "the item has no url");
    const struct fetch_options_target target = {.settings = d->settings,
                                                .batch = d->batch,
                                                .options = own,
                                                .delivery = d->target->delivery,
                                                .is_item = true,
                                                .problem = d->problem};
    if (own)
        fetch_options_finish(&target, prefix);
    add_item(d, &item);
}

/* `prefix` and `index` make the item's pointer. */
static void read_item(struct decode *d, const cJSON *json, const char *prefix, size_t index) {
    char pointer[PROBLEM_POINTER_BYTES];
    struct fetch_item item = {0};
    (void)snprintf(pointer, sizeof pointer, "%s/%zu", prefix, index);
    if (cJSON_IsObject(json)) {
        read_item_object(d, json, pointer);
    } else if (cJSON_IsString(json)) {
        item.url = copy_text(d, json->valuestring, strlen(json->valuestring));
        add_item(d, &item);
    } else {
        problem_add(d->problem, pointer, "an item must be a URL as a string, or an object with a url");
    }
}

/* NULL: a problem is set. */
static cJSON *build(struct decode *d, const struct json_part *part) {
    if (part->values <= DECODE_MAX_MEMBER_VALUES)
        return json_parse_tree(part->text, part->len, d->problem);
    problem_set(d->problem, 413, "an item or an option has more than %d JSON values", DECODE_MAX_MEMBER_VALUES);
    return NULL;
}

/* `text` begins with it. */
static void read_items(struct decode *d, const char *text, const char *prefix) {
    struct json_walk walk;
    struct json_part name, part;
    if (*text != '[') {
        problem_add(d->problem, prefix, "the list of URLs must be an array");
        return;
    }
    json_walk_begin(&walk, text);
    for (size_t index = 0; goes_on(d) && json_walk_next(&walk, &name, &part); index++) {
        if (index == (size_t)d->settings->server.max_urls) {
            *d->problem = (struct problem){0}; /* whatever is wrong with some of them */
            refuse_too_many(d);
            return;
        }
        cJSON *json = build(d, &part);
        if (json)
            read_item(d, json, prefix, index);
        cJSON_Delete(json);
    }
}

static void read_batch_field(struct decode *d, const char *name, const struct json_part *part) {
    char pointer[PROBLEM_POINTER_BYTES];
    problem_pointer(pointer, "", name);
    cJSON *value = build(d, part);
    if (value && !fetch_options_read(d->target, name, value, pointer))
        problem_add_unknown(d->problem, "", name);
    cJSON_Delete(value);
}

/* The items come last, because they begin with the options of the batch. */
static void read_batch_object(struct decode *d, const char *text) {
    struct json_walk walk;
    struct json_part raw, part;
    char name[JSON_NAMES_MAX_BYTES + 1];
    const char *urls = NULL;
    json_walk_begin(&walk, text);
    while (goes_on(d) && json_walk_next(&walk, &raw, &part)) {
        name[json_names_decode(raw.text + 1, raw.len - 2, name)] = '\0';
        if (strcmp(name, "urls") == 0)
            urls = part.text;
        else
            read_batch_field(d, name, &part);
    }
    if (urls)
        read_items(d, urls, "/urls");
    else if (goes_on(d))
        problem_add(d->problem, "", "the object has no urls");
}

static size_t max_values(const struct decode *d) {
    return (size_t)d->settings->server.max_urls * DECODE_VALUES_PER_URL + DECODE_SPARE_VALUES;
}

static void decode_json(struct decode *d, const char *text, size_t len) {
    if (!json_parse_check(text, len, max_values(d), 0, d->problem))
        return;
    text += strspn(text, " \t\r\n");
    if (*text == '{')
        read_batch_object(d, text);
    else if (*text == '[')
        read_items(d, text, "");
    else
        problem_add(d->problem, "", "the body must be an array of URLs, or an object with urls");
}

/* ---- lists by line ---- */

static bool is_blank(const char *line, size_t len) {
    while (len > 0 && line[len - 1] != '\0' && strchr(" \t\r", line[len - 1]))
        len--;
    return len == 0;
}

static void decode_json_line(struct decode *d, const char *line, size_t len, size_t offset) {
    if (is_blank(line, len))
        return;
    cJSON *json = json_parse(line, len, DECODE_MAX_MEMBER_VALUES, offset, d->problem);
    if (json)
        read_item(d, json, "", d->lines++);
    cJSON_Delete(json);
}

static void decode_text_line(struct decode *d, const char *line, size_t len) {
    struct fetch_item item = {0};
    while (len > 0 && strchr(" \t\r", line[len - 1]))
        len--;
    while (len > 0 && strchr(" \t", line[0])) {
        line++;
        len--;
    }
    if (len == 0 || line[0] == '#')
        return;
    item.url = copy_text(d, line, len);
    add_item(d, &item);
}

static void decode_lines(struct decode *d, enum batch_format format, const char *text, size_t len) {
    size_t start = utf8_mark(text, len);
    while (start < len && goes_on(d)) {
        const char *end = memchr(text + start, '\n', len - start);
        size_t line_len = end ? (size_t)(end - text) - start : len - start;
        if (format == BATCH_FORMAT_TEXT)
            decode_text_line(d, text + start, line_len);
        else
            decode_json_line(d, text + start, line_len, start);
        start += line_len + 1;
    }
}

void batch_decode(enum batch_format format, const char *text, size_t len, const struct fetch_options_target *target) {
    struct decode d = {
        .target = target, .settings = target->settings, .batch = target->batch, .problem = target->problem};
    if (format == BATCH_FORMAT_JSON)
        decode_json(&d, text, len);
    else if (format == BATCH_FORMAT_TEXT && (memchr(text, '\0', len) || !utf8_is_valid(text, len)))
        problem_set(target->problem, 400, "the body is not UTF-8 text");
    else
        decode_lines(&d, format, text, len);
    if (goes_on(&d))
        fetch_options_finish(target, "");
}
