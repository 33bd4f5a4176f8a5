/* A binary heap of timed things, the earliest on top. The things hold their own place in it, so any can be taken out in
 * O(log n). Not thread-safe. */
#ifndef FETCHPOOL_BASE_HEAP_H
#define FETCHPOOL_BASE_HEAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands inside the timed thing. `place` is private: 0 is "in no heap". */
struct heap_node {
    int64_t due_ms;
    size_t place;
};

/* Fields are private. */
struct heap {
    struct heap_node **nodes; /* nodes[0] is unused */
    size_t count;
    size_t capacity;
};

void heap_init(struct heap *h);
void heap_fini(struct heap *h);

/* Borrows the node until it is removed; `due_ms` is set and the node in no heap. ERR_NOMEM. */
enum err heap_push(struct heap *h, struct heap_node *node) ERR_MUST_CHECK;

/* The earliest, or NULL; it stays in the heap. */
struct heap_node *heap_first(const struct heap *h);

/* Does nothing when the node is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);

static inline bool heap_contains(const struct heap_node *node) {
    return node->place != 0;
}

#endif
