/* A doubly linked list whose links stand inside its elements (intrusive), after the list of the Linux kernel in idea.
 *
 * A node that is in no list points at itself, so removing it twice does no harm and membership can be asked. Not
 * thread-safe. */
#ifndef FETCHPOOL_BASE_LIST_H
#define FETCHPOOL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Head of a list, or link of an element. */
struct list {
    struct list *prev;
    struct list *next;
};

/* The element of type `type` whose member `member` is the link `node`. */
#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define LIST_FOR_EACH(node, head) for (struct list *node = (head)->next; node != (head); node = node->next)

static inline void list_init(struct list *l) {
    l->prev = l->next = l;
}

/* For a head: has no element. For a link: is in no list. */
static inline bool list_is_empty(const struct list *l) {
    return l->next == l;
}

static inline void list_remove(struct list *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

static inline void list_push_front(struct list *head, struct list *node) {
    node->next = head->next;
    node->prev = head;
    head->next->prev = node;
    head->next = node;
}

static inline void list_push_back(struct list *head, struct list *node) {
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* First element's link, or NULL. */
static inline struct list *list_first(const struct list *head) {
    return list_is_empty(head) ? NULL : head->next;
}

static inline struct list *list_last(const struct list *head) {
    return list_is_empty(head) ? NULL : head->prev;
}

#endif
