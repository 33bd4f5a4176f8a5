#include "cli/item.h"

#include "base/base64.h"
#include "base/json_scan.h"
#include "base/json_walk.h"
#include "base/list.h"
#include "cli/option_value.h"

#include <stdio.h>
#include <string.h>

enum { ITEM_MAX_VALUES = 1024, ITEM_MAX_ID_BYTES = 1024 };

struct reading {
    struct fetch_batch *list;
    const struct option_values *values; /* of the list */
    struct option_values *own;          /* NULL as long as it says nothing of its own */
    struct fetch_item item;
    char *error;
};

static bool refuse(struct reading *r, const char *why) {
    (void)snprintf(r->error, CLI_ERROR_BYTES, "%s", why);
    return false;
}

static bool read_text(struct reading *r, const struct json_part *value, const char *why, size_t max_bytes,
                      const char **ret_text) {
    size_t len;
    if (*value->text != '"')
        return refuse(r, why);
    *ret_text = option_value_decode(value, &r->list->arena, &len);
    return *ret_text ? len <= max_bytes || refuse(r, why) : refuse(r, "memory ran out");
}

static bool own_values(struct reading *r) {
    if (r->own)
        return true;
    r->own = arena_alloc(&r->list->arena, sizeof *r->own);
    if (!r->own)
        return refuse(r, "memory ran out");
    r->own->fetch = r->values->fetch;
    r->item.options = &r->own->fetch;
    return true;
}

/* The bytes are never more than the text. */
static bool decode_body(struct reading *r) {
    struct fetch_options *fetch = &r->own->fetch;
    char *bytes = arena_alloc(&r->list->arena, base64_room(fetch->body_bytes) + 1);
    if (!bytes || base64_decode(fetch->body, fetch->body_bytes, bytes, &fetch->body_bytes))
        return false;
    fetch->body = bytes;
    return true;
}

static bool check_include(struct reading *r) {
    return !r->values->is_csv || !r->own->fetch.include || refuse(r, "CSV has no column for what include asks for");
}

static bool read_option(struct reading *r, const char *name, const struct json_part *value) {
    bool is_base64 = strcmp(name, "body_base64") == 0;
    const struct option_row *row = option_table_find_field(is_base64 ? "body" : name);
    char why[CLI_ERROR_BYTES] = "";
    if (!row || !row->per_item) {
        (void)snprintf(r->error, CLI_ERROR_BYTES, row ? "%.64s is an option of the whole list" : "an item has no %.64s",
                       name);
        return false;
    }
    if (!own_values(r))
        return false;
    if (row->kind == OPTION_BODY && option_table_is_set(r->own, row))
        return refuse(r, "give either body or body_base64");
    const struct option_target target = {.values = r->own, .arena = &r->list->arena, .error = why};
    if (option_value_read_json(row, value, &target) && (!is_base64 || decode_body(r)))
        return check_include(r);
    if (is_base64 && !*why)
        (void)snprintf(why, sizeof why, "is not base64");
    (void)snprintf(r->error, CLI_ERROR_BYTES, "%s %.300s", name, why);
    return false;
}

static bool read_field(struct reading *r, const struct json_part *raw, const struct json_part *value) {
    size_t len;
    const char *name = option_value_decode(raw, &r->list->arena, &len);
    if (!name)
        return refuse(r, "memory ran out");
    if (strcmp(name, "url") == 0)
        return read_text(r, value, "url must be a string", SIZE_MAX, &r->item.url);
    if (strcmp(name, "id") == 0)
        return read_text(r, value, "id must be a string of 1024 bytes at most", ITEM_MAX_ID_BYTES, &r->item.id);
    return read_option(r, name, value);
}

static bool read_fields(struct reading *r, const char *text) {
    struct json_walk walk;
    struct json_part raw, value;
    json_walk_begin(&walk, text);
    while (json_walk_next(&walk, &raw, &value))
        if (!read_field(r, &raw, &value))
            return false;
    if (!r->item.url)
        return refuse(r, "the item has no url");
    const struct fetch_options *fetch = r->item.options;
    if (fetch && fetch->body && strcmp(fetch->method, "HEAD") == 0)
        return refuse(r, "a HEAD request has no body");
    return true;
}

bool item_add(struct fetch_batch *list, const struct option_values *values, const char *text, size_t len,
              char ret_error[CLI_ERROR_BYTES]) {
    struct reading r = {.list = list, .values = values, .error = ret_error};
    struct json_scan_fault fault;
    if (json_scan(text, len, ITEM_MAX_VALUES, &fault)) {
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "this is not JSON: %s, at byte %zu", fault.reason, fault.offset);
        return false;
    }
    if (!read_fields(&r, text))
        return false;
    return fetch_batch_add(list, &r.item) ? refuse(&r, "memory ran out") : true;
}

const struct option_values *item_values(const struct fetch_item *item) {
    return item->options ? LIST_ENTRY(item->options, struct option_values, fetch) : NULL;
}

/* They stand in the list's arena, which only lends them as constants. */
struct option_values *item_own_values(struct fetch_item *item) {
    return (struct option_values *)(uintptr_t)item_values(item);
}
