#include "base/heap.h"

void heap_init(struct heap *h) {
    h->top = NULL;
}

/* Two heaps become one: the later top goes under the earlier. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b) {
    if (b->due_ms < a->due_ms) {
        struct heap_node *later = a;
        a = b;
        b = later;
    }
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* Melds brothers in pairs, then the pairs from the last to the first: this is what keeps it at O(log n). */
static struct heap_node *meld_all(struct heap_node *first) {
    struct heap_node *pairs = NULL;
    struct heap_node *all = NULL;
    while (first) {
        struct heap_node *a = first;
        struct heap_node *b = a->next;
        first = b ? b->next : NULL;
        struct heap_node *pair = b ? meld(a, b) : a;
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct heap_node *pair = pairs;
        pairs = pair->next;
        all = all ? meld(all, pair) : pair;
    }
    return all;
}

static void set_top(struct heap *h, struct heap_node *top) {
    h->top = top;
    if (!top)
        return;
    top->next = NULL;
    top->prev = top;
}

void heap_push(struct heap *h, struct heap_node *node) {
    node->child = NULL;
    set_top(h, h->top ? meld(h->top, node) : node);
}

struct heap_node *heap_first(const struct heap *h) {
    return h->top;
}

static void cut(struct heap_node *node) {
    if (node->prev->child == node)
        node->prev->child = node->next;
    else
        node->prev->next = node->next;
    if (node->next)
        node->next->prev = node->prev;
}

void heap_remove(struct heap *h, struct heap_node *node) {
    if (!heap_contains(node))
        return;
    struct heap_node *orphans = meld_all(node->child);
    if (h->top == node) {
        set_top(h, orphans);
    } else {
        cut(node);
        set_top(h, orphans ? meld(h->top, orphans) : h->top);
    }
    node->child = node->next = node->prev = NULL;
}
