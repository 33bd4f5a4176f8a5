#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 64 * 1024, ARENA_FIRST_BLOCK_BYTES = 2 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a) {
    *a = (struct arena){0};
}

void arena_fini(struct arena *a) {
    struct arena_block *block = a->blocks;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena_init(a);
}

static struct arena_block *add_block(struct arena *a, size_t size) {
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    a->total_bytes += sizeof *block + size;
    return block;
}

/* A large piece goes behind the block in use, which stays first and keeps its free rest. */
static void *alloc_alone(struct arena *a, size_t size) {
    struct arena_block *block = add_block(a, size);
    if (!block)
        return NULL;
    if (a->blocks) {
        block->next = a->blocks->next;
        a->blocks->next = block;
    } else {
        block->next = NULL;
        a->blocks = block;
        a->used = size;
    }
    return block->bytes;
}

static void *alloc_bytes(struct arena *a, size_t size, size_t align) {
    if (size > ARENA_BLOCK_BYTES / 4)
        return alloc_alone(a, size);
    size_t start = (a->used + align - 1) & ~(align - 1);
    if (!a->blocks || start > a->blocks->size || size > a->blocks->size - start) {
        bool first_will_do = !a->blocks && size <= ARENA_FIRST_BLOCK_BYTES;
        struct arena_block *block = add_block(a, first_will_do ? ARENA_FIRST_BLOCK_BYTES : ARENA_BLOCK_BYTES);
        if (!block)
            return NULL;
        block->next = a->blocks;
        a->blocks = block;
        start = 0;
    }
    a->used = start + size;
    return a->blocks->bytes + start;
}

void *arena_alloc(struct arena *a, size_t size) {
    void *p = alloc_bytes(a, size, alignof(max_align_t));
    if (p)
        memset(p, 0, size);
    return p;
}

char *arena_copy(struct arena *a, const char *text, size_t len) {
    char *copy = len < SIZE_MAX ? alloc_bytes(a, len + 1, 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

size_t arena_bytes(const struct arena *a) {
    return a->total_bytes;
}
