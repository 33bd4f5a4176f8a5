#include "config/settings_share.h"

#include "config/settings_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct settings_share {
    pthread_mutex_t lock; /* guards the one below */
    const struct settings *now;
};

/* ---- references ---- */

/* The count is the only member that changes. */
static _Atomic size_t *refs_of(const struct settings *settings) {
    return &((struct settings *)settings)->refs;
}

const struct settings *settings_ref(const struct settings *settings) {
    atomic_fetch_add_explicit(refs_of(settings), 1, memory_order_relaxed);
    return settings;
}

void settings_unref(const struct settings *settings) {
    if (settings && atomic_fetch_sub_explicit(refs_of(settings), 1, memory_order_acq_rel) == 1)
        settings_destroy((struct settings *)settings);
}

enum err settings_share_create(struct settings *settings, struct settings_share **ret_share) {
    struct settings_share *share = calloc(1, sizeof *share);
    if (!share) {
        settings_destroy(settings);
        return ERR_NOMEM;
    }
    pthread_mutex_init(&share->lock, NULL);
    share->now = settings_ref(settings);
    *ret_share = share;
    return ERR_NONE;
}

void settings_share_destroy(struct settings_share *share) {
    if (!share)
        return;
    settings_unref(share->now);
    pthread_mutex_destroy(&share->lock);
    free(share);
}

const struct settings *settings_share_ref(struct settings_share *share) {
    pthread_mutex_lock(&share->lock);
    const struct settings *now = settings_ref(share->now);
    pthread_mutex_unlock(&share->lock);
    return now;
}

void settings_share_replace(struct settings_share *share, struct settings *fresh) {
    const struct settings *next = settings_ref(fresh);
    pthread_mutex_lock(&share->lock);
    const struct settings *before = share->now;
    share->now = next;
    pthread_mutex_unlock(&share->lock);
    settings_unref(before);
}

/* ---- what takes a restart ---- */

static void *member(const struct settings_row *row, struct settings *s) {
    return (char *)s + row->offset;
}

static const void *member_const(const struct settings_row *row, const struct settings *s) {
    return (const char *)s + row->offset;
}

static const char *text_of(const struct settings_row *row, const struct settings *s) {
    return *(char *const *)member_const(row, s);
}

static bool lists_are_same(const struct settings_list *a, const struct settings_list *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

static bool is_same(const struct settings_row *row, const struct settings *a, const struct settings *b) {
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return lists_are_same(settings_row_list_const(row, a), settings_row_list_const(row, b));
    case SETTINGS_TYPE_TEXT:
        return strcmp(text_of(row, a), text_of(row, b)) == 0;
    case SETTINGS_TYPE_CHOICE:
        return settings_row_choice(row, a) == settings_row_choice(row, b);
    case SETTINGS_TYPE_SIZE:
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
        break;
    }
    return memcmp(member_const(row, a), member_const(row, b), sizeof(int64_t)) == 0;
}

static enum err copy_text(const char *text, char **ret_copy) {
    char *copy = strdup(text);
    if (!copy)
        return ERR_NOMEM;
    free(*ret_copy);
    *ret_copy = copy;
    return ERR_NONE;
}

static void free_list(struct settings_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

static enum err copy_list(const struct settings_list *list, struct settings_list *ret_copy) {
    struct settings_list copy = {.items = calloc(list->count + 1, sizeof(char *))};
    for (; copy.items && copy.count < list->count; copy.count++) {
        copy.items[copy.count] = strdup(list->items[copy.count]);
        if (!copy.items[copy.count])
            break;
    }
    if (!copy.items || copy.count < list->count) {
        free_list(&copy);
        return ERR_NOMEM;
    }
    free_list(ret_copy);
    *ret_copy = copy;
    return ERR_NONE;
}

static enum err copy(const struct settings_row *row, const struct settings *from, struct settings *to) {
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return copy_list(settings_row_list_const(row, from), settings_row_list(row, to));
    case SETTINGS_TYPE_TEXT:
        return copy_text(text_of(row, from), settings_row_text(row, to));
    case SETTINGS_TYPE_CHOICE:
        settings_row_set_choice(row, settings_row_choice(row, from), to);
        return ERR_NONE;
    case SETTINGS_TYPE_SIZE:
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
        break;
    }
    memcpy(member(row, to), member_const(row, from), sizeof(int64_t));
    return ERR_NONE;
}

enum err settings_keep(struct settings *fresh, const struct settings *now, settings_kept_fn *told, void *arg) {
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct settings_row *row = &settings_table[i];
        if (row->when != SETTINGS_BY_RESTART || is_same(row, fresh, now))
            continue;
        if (copy(row, now, fresh))
            return ERR_NOMEM;
        told(arg, row->name);
    }
    return ERR_NONE;
}
