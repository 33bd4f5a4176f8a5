#include "pool/name_cache.h"

#include <stdlib.h>
#include <string.h>

void name_cache_init(struct name_cache *c, size_t max_answered) {
    *c = (struct name_cache){.max_answered = max_answered};
    table_init(&c->names);
    list_init(&c->age);
}

static struct name_entry *entry_at(struct table_node *node) {
    return LIST_ENTRY(node, struct name_entry, in_table);
}

void name_cache_fini(struct name_cache *c) {
    for (size_t i = 0; i < c->names.bucket_count; i++)
        for (struct table_node *node; (node = table_bucket(&c->names, i));)
            name_cache_drop(c, entry_at(node));
    table_fini(&c->names);
}

struct name_entry *name_cache_find(const struct name_cache *c, const char *name) {
    struct table_node *node = table_find(&c->names, name, strlen(name));
    return node ? entry_at(node) : NULL;
}

enum err name_cache_add(struct name_cache *c, const char *name, struct name_entry **ret_entry) {
    size_t len = strlen(name);
    struct name_entry *e = malloc(sizeof *e + len + 1);
    if (!e)
        return ERR_NOMEM;
    e->answer = NULL;
    memcpy(e->name, name, len + 1);
    list_init(&e->waiters);
    list_init(&e->in_queue);
    list_init(&e->in_age);
    table_add(&c->names, &e->in_table, e->name, len);
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
    table_remove(&c->names, &e->in_table);
    free(e);
}
