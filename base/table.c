#include "base/table.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *t) {
    *t = (struct table){.bucket_count = TABLE_FIRST_BUCKETS};
    t->buckets = t->first_buckets;
}

void table_fini(struct table *t) {
    assert(t->count == 0);
    if (t->buckets != t->first_buckets)
        free(t->buckets);
}

static struct table_node **bucket_of(const struct table *t, uint64_t hash) {
    return &t->buckets[hash & (t->bucket_count - 1)];
}

struct table_node *table_find(const struct table *t, const char *name, size_t len) {
    uint64_t hash = hash_text(name, len);
    struct table_node *node = *bucket_of(t, hash);
    while (node && !(node->hash == hash && node->len == len && memcmp(node->name, name, len) == 0))
        node = node->next;
    return node;
}

static void link_node(struct table *t, struct table_node *node) {
    struct table_node **bucket = bucket_of(t, node->hash);
    node->next = *bucket;
    *bucket = node;
}

static void grow(struct table *t) {
    struct table_node **old = t->buckets;
    size_t old_count = t->bucket_count;
    struct table_node **buckets = calloc(old_count * 2, sizeof(struct table_node *));
    if (!buckets)
        return;
    t->buckets = buckets;
    t->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++)
        for (struct table_node *node = old[i], *next; node; node = next) {
            next = node->next;
            link_node(t, node);
        }
    if (old != t->first_buckets)
        free(old);
}

void table_add(struct table *t, struct table_node *node, const char *name, size_t len) {
    if (t->count >= t->bucket_count)
        grow(t);
    *node = (struct table_node){.name = name, .len = len, .hash = hash_text(name, len)};
    link_node(t, node);
    t->count++;
}

void table_remove(struct table *t, struct table_node *node) {
    struct table_node **at = bucket_of(t, node->hash);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    t->count--;
}

struct table_node *table_bucket(const struct table *t, size_t bucket) {
    return t->buckets[bucket];
}
