#include "base/heap.h"

#include <stdlib.h>

void heap_init(struct heap *h) {
    *h = (struct heap){0};
}

void heap_fini(struct heap *h) {
    free(h->nodes);
    heap_init(h);
}

static void put(struct heap *h, size_t place, struct heap_node *node) {
    h->nodes[place] = node;
    node->place = place;
}

static void sift_up(struct heap *h, size_t place, struct heap_node *node) {
    while (place > 1 && h->nodes[place / 2]->due_ms > node->due_ms) {
        put(h, place, h->nodes[place / 2]);
        place /= 2;
    }
    put(h, place, node);
}

static void sift_down(struct heap *h, size_t place, struct heap_node *node) {
    for (;;) {
        size_t child = place * 2;
        if (child > h->count)
            break;
        if (child < h->count && h->nodes[child + 1]->due_ms < h->nodes[child]->due_ms)
            child++;
        if (h->nodes[child]->due_ms >= node->due_ms)
            break;
        put(h, place, h->nodes[child]);
        place = child;
    }
    put(h, place, node);
}

static enum err grow(struct heap *h) {
    size_t capacity = h->capacity ? h->capacity * 2 : 16;
    struct heap_node **nodes = realloc(h->nodes, capacity * sizeof(struct heap_node *));
    if (!nodes)
        return ERR_NOMEM;
    h->nodes = nodes;
    h->capacity = capacity;
    return ERR_NONE;
}

enum err heap_push(struct heap *h, struct heap_node *node) {
    if (h->count + 1 >= h->capacity) {
        enum err err = grow(h);
        if (err)
            return err;
    }
    h->count++;
    sift_up(h, h->count, node);
    return ERR_NONE;
}

struct heap_node *heap_first(const struct heap *h) {
    return h->count ? h->nodes[1] : NULL;
}

void heap_remove(struct heap *h, struct heap_node *node) {
    size_t place = node->place;
    if (place == 0)
        return;
    node->place = 0;
    struct heap_node *last = h->nodes[h->count--];
    if (last == node)
        return;
    if (place > 1 && h->nodes[place / 2]->due_ms > last->due_ms)
        sift_up(h, place, last);
    else
        sift_down(h, place, last);
}
