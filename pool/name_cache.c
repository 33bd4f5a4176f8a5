#include "pool/name_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { NAME_CACHE_MIN_BUCKETS = 64 };

/* FNV-1a from a secret start: names come from callers, who must not be able to fill one bucket. */
static uint64_t hash_name(const struct name_cache *c, const char *name) {
    uint64_t hash = c->seed;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash ^ (hash >> 32);
}

enum err name_cache_init(struct name_cache *c, size_t max_answered) {
    size_t count = NAME_CACHE_MIN_BUCKETS;
    while (count < max_answered)
        count *= 2;
    *c = (struct name_cache){.max_answered = max_answered, .bucket_mask = count - 1};
    if (getrandom(&c->seed, sizeof c->seed, GRND_NONBLOCK) != sizeof c->seed)
        c->seed = 0xcbf29ce484222325; /* too early after boot: then a known start */
    list_init(&c->age);
    c->buckets = calloc(count, sizeof *c->buckets);
    if (!c->buckets)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        list_init(&c->buckets[i]);
    return ERR_NONE;
}

void name_cache_fini(struct name_cache *c) {
    for (size_t i = 0; c->buckets && i <= c->bucket_mask; i++)
        for (struct list *node; (node = list_first(&c->buckets[i]));)
            name_cache_drop(c, LIST_ENTRY(node, struct name_entry, in_bucket));
    free(c->buckets);
    c->buckets = NULL;
}

struct name_entry *name_cache_find(const struct name_cache *c, const char *name) {
    uint64_t hash = hash_name(c, name);
    LIST_FOR_EACH(node, &c->buckets[hash & c->bucket_mask]) {
        struct name_entry *e = LIST_ENTRY(node, struct name_entry, in_bucket);
        if (e->hash == hash && strcmp(e->name, name) == 0)
            return e;
    }
    return NULL;
}

enum err name_cache_add(struct name_cache *c, const char *name, struct name_entry **ret_entry) {
    size_t len = strlen(name);
    struct name_entry *e = malloc(sizeof *e + len + 1);
    if (!e)
        return ERR_NOMEM;
    e->answer = NULL;
    e->hash = hash_name(c, name);
    memcpy(e->name, name, len + 1);
    list_init(&e->waiters);
    list_init(&e->in_queue);
    list_init(&e->in_age);
    list_push_front(&c->buckets[e->hash & c->bucket_mask], &e->in_bucket);
    c->count++;
    *ret_entry = e;
    return ERR_NONE;
}

void name_cache_answer(struct name_cache *c, struct name_entry *e, struct name_answer *answer) {
    e->answer = answer;
    list_push_front(&c->age, &e->in_age);
    c->answered++;
    while (c->answered > c->max_answered)
        name_cache_drop(c, LIST_ENTRY(list_last(&c->age), struct name_entry, in_age));
}

void name_cache_touch(struct name_cache *c, struct name_entry *e) {
    list_remove(&e->in_age);
    list_push_front(&c->age, &e->in_age);
}

void name_cache_reopen(struct name_cache *c, struct name_entry *e) {
    list_remove(&e->in_age);
    name_answer_unref(e->answer);
    e->answer = NULL;
    c->answered--;
}

void name_cache_drop(struct name_cache *c, struct name_entry *e) {
    if (e->answer)
        name_cache_reopen(c, e);
    list_remove(&e->in_bucket);
    c->count--;
    free(e);
}
