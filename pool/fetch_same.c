#include "pool/fetch_same.h"

#include "base/hash.h"
#include "pool/transfer.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a list while it is read. Texts that items have from the batch are hashed once. */
struct search {
    struct fetch_same *same;
    const struct fetch_item *items;
    const struct fetch_options *defaults;
    uint64_t default_headers;
    uint64_t default_body;
    uint64_t default_options;
    uint64_t *hashes; /* of each fetch */
    uint32_t *last;   /* of each fetch the item that came last */
    uint32_t *slots;  /* fetches by hash, open addressing; FETCH_SAME_END: free */
    size_t mask;
};

static const struct fetch_options *options_of(const struct search *s, const struct fetch_item *item) {
    return item->options ? item->options : s->defaults;
}

/* ---- hashes ---- */

static uint64_t hash_headers(const struct fetch_options *o) {
    uint64_t hash = 0;
    for (size_t i = 0; i < o->header_count; i++) {
        const uint64_t pair[2] = {hash, hash_text(o->headers[i], strlen(o->headers[i]))};
        hash = hash_text((const char *)pair, sizeof pair);
    }
    return hash;
}

static uint64_t hash_body(const struct fetch_options *o) {
    return o->body ? hash_text(o->body, o->body_bytes) : 0;
}

static uint64_t hash_values(const struct fetch_options *o, uint64_t headers, uint64_t body) {
    const uint64_t values[] = {
        headers,
        body,
        hash_text(o->method, strlen(o->method)),
        (uint64_t)o->timeout_ms,
        (uint64_t)o->connect_timeout_ms,
        (uint64_t)o->max_size_bytes,
        (uint64_t)o->retry_delay_ms,
        (uint64_t)o->max_redirects << 32 | (uint64_t)o->retries,
        (uint64_t)o->include << 32 | (uint64_t)o->http_version,
        (uint64_t)o->follow_redirects << 2 | (uint64_t)o->decompress << 1 | (uint64_t)o->head_fallback,
    };
    return hash_text((const char *)values, sizeof values);
}

static uint64_t hash_options(const struct search *s, const struct fetch_options *o) {
    if (o == s->defaults)
        return s->default_options;
    return hash_values(o, o->headers == s->defaults->headers ? s->default_headers : hash_headers(o),
                       o->body == s->defaults->body ? s->default_body : hash_body(o));
}

static uint64_t hash_item(const struct search *s, const struct fetch_item *item) {
    const uint64_t pair[2] = {hash_text(item->url, strlen(item->url)), hash_options(s, options_of(s, item))};
    return hash_text((const char *)pair, sizeof pair);
}

/* ---- equality ---- */

static bool headers_are_same(const struct fetch_options *a, const struct fetch_options *b) {
    if (a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->header_count && a->headers != b->headers; i++)
        if (strcmp(a->headers[i], b->headers[i]) != 0)
            return false;
    return true;
}

static bool bodies_are_same(const struct fetch_options *a, const struct fetch_options *b) {
    if (!a->body || !b->body || a->body_bytes != b->body_bytes)
        return a->body == b->body;
    return a->body == b->body || memcmp(a->body, b->body, a->body_bytes) == 0;
}

static bool limits_are_same(const struct fetch_options *a, const struct fetch_options *b) {
    return a->timeout_ms == b->timeout_ms && a->connect_timeout_ms == b->connect_timeout_ms &&
           a->max_size_bytes == b->max_size_bytes && a->max_redirects == b->max_redirects && a->retries == b->retries &&
           a->retry_delay_ms == b->retry_delay_ms;
}

static bool options_are_same(const struct fetch_options *a, const struct fetch_options *b) {
    return a == b || (strcmp(a->method, b->method) == 0 && limits_are_same(a, b) &&
                      a->follow_redirects == b->follow_redirects && a->decompress == b->decompress &&
                      a->head_fallback == b->head_fallback && a->http_version == b->http_version &&
                      a->include == b->include && headers_are_same(a, b) && bodies_are_same(a, b));
}

static bool items_are_same(const struct search *s, uint32_t a, uint32_t b) {
    const struct fetch_item *one = &s->items[a], *other = &s->items[b];
    return strcmp(one->url, other->url) == 0 && options_are_same(options_of(s, one), options_of(s, other));
}

/* ---- the search ---- */

static uint32_t add_fetch(struct search *s, uint32_t item, uint64_t hash) {
    uint32_t fetch = (uint32_t)s->same->count++;
    s->same->first[fetch] = s->last[fetch] = item;
    s->hashes[fetch] = hash;
    return fetch;
}

static void add_item(struct search *s, uint32_t item) {
    s->same->next[item] = FETCH_SAME_END;
    if (!transfer_is_idempotent(options_of(s, &s->items[item])->method)) {
        (void)add_fetch(s, item, 0); /* nobody looks for it */
        return;
    }
    uint64_t hash = hash_item(s, &s->items[item]);
    size_t slot = hash & s->mask;
    for (; s->slots[slot] != FETCH_SAME_END; slot = (slot + 1) & s->mask) {
        uint32_t fetch = s->slots[slot];
        if (s->hashes[fetch] != hash || !items_are_same(s, s->same->first[fetch], item))
            continue;
        s->same->next[s->last[fetch]] = item;
        s->last[fetch] = item;
        return;
    }
    s->slots[slot] = add_fetch(s, item, hash);
}

static enum err make_room(struct search *s, size_t count) {
    size_t slots = 16;
    while (slots < 2 * count)
        slots *= 2;
    s->mask = slots - 1;
    s->same->first = calloc(count + 1, sizeof *s->same->first);
    s->same->next = calloc(count + 1, sizeof *s->same->next);
    s->hashes = calloc(count + 1, sizeof *s->hashes);
    s->last = calloc(count + 1, sizeof *s->last);
    s->slots = malloc(slots * sizeof *s->slots);
    if (!s->same->first || !s->same->next || !s->hashes || !s->last || !s->slots)
        return ERR_NOMEM;
    memset(s->slots, 0xFF, slots * sizeof *s->slots);
    return ERR_NONE;
}

enum err fetch_same_init(struct fetch_same *same, const struct fetch_item *items, size_t count,
                         const struct fetch_options *defaults) {
    *same = (struct fetch_same){0};
    struct search s = {.same = same, .items = items, .defaults = defaults};
    s.default_headers = hash_headers(defaults);
    s.default_body = hash_body(defaults);
    s.default_options = hash_values(defaults, s.default_headers, s.default_body);
    enum err err = make_room(&s, count);
    for (uint32_t i = 0; i < count && !err; i++)
        add_item(&s, i);
    free(s.hashes);
    free(s.last);
    free(s.slots);
    if (err)
        fetch_same_fini(same);
    return err;
}

void fetch_same_fini(struct fetch_same *s) {
    free(s->first);
    free(s->next);
    *s = (struct fetch_same){0};
}

size_t fetch_same_find(const struct fetch_same *s, size_t item) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->first[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->first[low] == item ? low : SIZE_MAX;
}
