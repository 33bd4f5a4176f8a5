/* Names by their text: those with an answer, the least recently used of which go first, and those that are being looked
 * up, which stay. A plain structure: not thread-safe, knows no clock. For pool/names.c only. */
#ifndef FETCHPOOL_POOL_NAME_CACHE_H
#define FETCHPOOL_POOL_NAME_CACHE_H

#include "base/err.h"
#include "base/list.h"
#include "base/table.h"
#include "pool/name_answer.h"

#include <stddef.h>

/* `waiters` and `in_queue` belong to the user of the cache; the rest is to be read only, or private. */
struct name_entry {
    struct list waiters;
    struct list in_queue;
    struct name_answer *answer; /* NULL: open, to be looked up */
    struct table_node in_table;
    struct list in_age;
    char name[];
};

/* `names.count` may be read; fields are private. Must not be moved. */
struct name_cache {
    size_t max_answered;
    size_t answered;
    struct table names;
    struct list age; /* entries with an answer, the one used last in front */
};

/* Keeps `max_answered` answers at most; 0: none. */
void name_cache_init(struct name_cache *c, size_t max_answered);

/* Frees what is in it. */
void name_cache_fini(struct name_cache *c);

/* The entry of that name in lower case, or NULL. */
struct name_entry *name_cache_find(const struct name_cache *c, const char *name);

/* Adds an open entry for a name that is not there; it stays until it is dropped or answered. ERR_NOMEM. */
enum err name_cache_add(struct name_cache *c, const char *name, struct name_entry **ret_entry) ERR_MUST_CHECK;

/* Gives an open entry its answer, whose reference is taken, and drops the entries beyond the maximum, this one among
 * them when the maximum is 0: the entry must not be used afterwards. */
void name_cache_answer(struct name_cache *c, struct name_entry *e, struct name_answer *answer);

/* Marks an entry with an answer as used. */
void name_cache_touch(struct name_cache *c, struct name_entry *e);

/* Takes the answer away: the entry is open again. */
void name_cache_reopen(struct name_cache *c, struct name_entry *e);

/* Removes and frees the entry. */
void name_cache_drop(struct name_cache *c, struct name_entry *e);

#endif
