/* A heap of timed things, the earliest on top.
 *
 * A pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986): its links stand inside the things, so it needs no memory
 * of its own, putting one in is O(1), and any can be taken out in O(log n) amortised. Not thread-safe. */
#ifndef FETCHPOOL_BASE_HEAP_H
#define FETCHPOOL_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands inside the timed thing; zeroed before its first use. All but `due_ms` is private. */
struct heap_node {
    int64_t due_ms;
    struct heap_node *child;
    struct heap_node *next;
    struct heap_node *prev; /* the sibling before, or the parent; the top's is itself; NULL: in no heap */
};

/* Fields are private. */
struct heap {
    struct heap_node *top;
};

void heap_init(struct heap *h);

/* Borrows the node until it is removed; `due_ms` is set and the node in no heap. */
void heap_push(struct heap *h, struct heap_node *node);

/* The earliest, or NULL; it stays in the heap. */
struct heap_node *heap_first(const struct heap *h);

/* Does nothing when the node is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);

static inline bool heap_contains(const struct heap_node *node) {
    return node->prev != NULL;
}

#endif
