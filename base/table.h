/* A hash table of things by their name. The links stand inside the things (intrusive). It grows with them; when there
 * is no memory to grow it becomes slower. Not thread-safe. */
#ifndef FETCHPOOL_BASE_TABLE_H
#define FETCHPOOL_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Stands inside the thing. Fields are private. */
struct table_node {
    struct table_node *next; /* in its bucket */
    const char *name;
    size_t len;
    uint64_t hash;
};

enum { TABLE_FIRST_BUCKETS = 16 };

/* `count` and `bucket_count` may be read; other fields are private. Must not be moved. */
struct table {
    size_t count;
    size_t bucket_count; /* a power of two */
    struct table_node **buckets;
    struct table_node *first_buckets[TABLE_FIRST_BUCKETS];
};

void table_init(struct table *t);

/* Nothing may be in it. */
void table_fini(struct table *t);

/* The thing of that name, or NULL. */
struct table_node *table_find(const struct table *t, const char *name, size_t len);

/* Nothing of that name may be in it. Borrows the node and the name until table_remove. */
void table_add(struct table *t, struct table_node *node, const char *name, size_t len);

void table_remove(struct table *t, struct table_node *node);

/* The first thing of that bucket, less than `bucket_count`; `next` leads to the others. To walk over all. */
struct table_node *table_bucket(const struct table *t, size_t bucket);

#endif
