#include "pool/sched_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A host of the batch while its items are being sorted, and until it is linked. */
struct sched_name {
    struct table_node in_table;
    struct sched_name *next;
    uint32_t flow;
    uint32_t first; /* items of the flow */
    uint32_t last;
    uint32_t count;
    size_t len;
    char text[];
};

struct sorting {
    struct sched_batch *batch;
    struct table names;
    struct sched_name *first;
    struct sched_name *last;
};

static struct sched_name *add_name(struct sorting *sort, const char *text, size_t len) {
    struct sched_name *name = arena_alloc(&sort->batch->names, sizeof *name + len + 1);
    if (!name)
        return NULL;
    *name = (struct sched_name){.flow = sort->batch->flow_count++, .len = len};
    memcpy(name->text, text, len);
    name->text[len] = '\0';
    table_add(&sort->names, &name->in_table, name->text, len);
    if (sort->last)
        sort->last->next = name;
    else
        sort->first = name;
    sort->last = name;
    return name;
}

static struct sched_name *find_name(struct sorting *sort, const char *text, size_t len) {
    struct table_node *node = table_find(&sort->names, text, len);
    return node ? LIST_ENTRY(node, struct sched_name, in_table) : add_name(sort, text, len);
}

/* Only a second host makes it necessary; so far all items stand one after the other. */
static enum err make_items(struct sched_batch *b, size_t so_far) {
    b->items = malloc(b->count * sizeof *b->items);
    if (!b->items)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < so_far; i++)
        b->items[i] = (struct sched_item){.next = i + 1 < so_far ? i + 1 : SCHED_FLOW_END};
    return ERR_NONE;
}

static enum err sort_item(struct sched_batch *b, struct sched_name *name, uint32_t index) {
    if (name->flow > 0 && !b->items && make_items(b, index))
        return ERR_NOMEM;
    if (b->items) {
        b->items[index] = (struct sched_item){.next = SCHED_FLOW_END, .flow = name->flow};
        if (name->count > 0)
            b->items[name->last].next = index;
    }
    if (name->count++ == 0)
        name->first = index;
    name->last = index;
    return ERR_NONE;
}

static enum err sort_items(struct sorting *sort, const struct sched_batch_options *options) {
    char text[SCHED_HOST_NAME_BYTES];
    struct sched_name *name = NULL;
    for (uint32_t i = 0; i < options->count; i++) {
        size_t len = options->host_of(options->arg, i, text);
        if (!name || name->len != len || memcmp(name->text, text, len) != 0)
            name = find_name(sort, text, len);
        if (!name || sort_item(sort->batch, name, i))
            return ERR_NOMEM;
    }
    return ERR_NONE;
}

static void init_flow(struct sched_batch *b, struct sched_flow *f, uint32_t first, uint32_t count) {
    *f = (struct sched_flow){.batch = b, .next = first, .waiting = count, .open = count};
    f->wake.kind = SCHED_WAKE_FLOW;
    list_init(&f->link);
    list_init(&f->in_asking);
}

/* The names stay until the flows are linked; the table over them goes now. */
static enum err make_flows(struct sorting *sort) {
    struct sched_batch *b = sort->batch;
    b->flows = b->flow_count > 1 ? calloc(b->flow_count, sizeof *b->flows) : &b->own_flow;
    for (struct sched_name *name = sort->first; name; name = name->next) {
        if (b->flows)
            init_flow(b, &b->flows[name->flow], name->first, name->count);
        table_remove(&sort->names, &name->in_table);
    }
    table_fini(&sort->names);
    b->next_name = sort->first;
    return b->flows ? ERR_NONE : ERR_NOMEM;
}

static enum err sort_by_host(struct sched_batch *b, const struct sched_batch_options *options) {
    struct sorting sort = {.batch = b};
    table_init(&sort.names);
    enum err err = sort_items(&sort, options);
    enum err made = make_flows(&sort);
    return err ? err : made;
}

enum err sched_batch_init(struct sched_batch *b, const struct sched_batch_options *options) {
    assert(options->max_concurrent >= 1 && options->count < UINT32_MAX);
    *b = (struct sched_batch){
        .deadline_ms = options->deadline_ms,
        .host_delay_ms = options->host_delay_ms,
        .per_host = options->per_host,
        .wanted = SCHED_NO_ITEM,
        .ready.why = SCHED_WAIT_WORKER,
        .count = (uint32_t)options->count,
    };
    list_init(&b->in_caller);
    list_init(&b->ring);
    list_init(&b->agains);
    arena_init(&b->names);
    int failed = sem_init(&b->permits, 0, (unsigned)options->max_concurrent);
    assert(failed == 0);
    (void)failed;
    if (options->host_of && options->count > 0) {
        enum err err = sort_by_host(b, options);
        if (err)
            sched_batch_fini(b);
        return err;
    }
    b->flows = &b->own_flow;
    b->flow_count = 1;
    init_flow(b, b->flows, 0, b->count);
    return ERR_NONE;
}

void sched_batch_fini(struct sched_batch *b) {
    assert(list_is_empty(&b->in_caller));
    if (b->flows != &b->own_flow)
        free(b->flows);
    free(b->items);
    arena_fini(&b->names);
    sem_destroy(&b->permits);
}

/* ---- linking flows to hosts ---- */

static struct sched_host *find_or_create_host(struct sched *s, const char *name, size_t len) {
    struct table_node *node = table_find(&s->hosts, name, len);
    if (node)
        return LIST_ENTRY(node, struct sched_host, in_table);
    return sched_create_host(s, name, len);
}

/* A batch that asks for more makes room for those that are parked, too. */
static void link_host(struct sched *s, struct sched_flow *f, const struct sched_name *name, int64_t now_ms) {
    struct sched_host *h = name->len > 0 ? find_or_create_host(s, name->text, name->len) : NULL;
    if (!h)
        return;
    f->host = h;
    s->kept_hosts -= h->flows == 0;
    h->flows++;
    h->waiting += f->waiting;
    if (f->batch->per_host <= s->options.host_max_concurrent)
        return;
    list_push_back(&h->asking, &f->in_asking);
    if (f->batch->per_host <= h->asked)
        return;
    h->asked = f->batch->per_host;
    sched_serve_host(s, h, now_ms);
}

static uint32_t most_asked(const struct sched_host *h) {
    uint32_t most = 0;
    LIST_FOR_EACH(node, &h->asking) {
        const struct sched_flow *f = LIST_ENTRY(node, struct sched_flow, in_asking);
        most = f->batch->per_host > most ? f->batch->per_host : most;
    }
    return most;
}

void sched_leave_host(struct sched *s, struct sched_flow *f, int64_t now_ms) {
    struct sched_host *h = f->host;
    f->host = NULL;
    list_remove(&f->in_asking);
    if (f->batch->per_host == h->asked)
        h->asked = most_asked(h);
    s->kept_hosts += --h->flows == 0;
    sched_forget_host(s, h, now_ms);
}

bool sched_link(struct sched *s, struct sched_batch *b, size_t max_flows, int64_t now_ms) {
    for (; max_flows > 0 && b->linked < b->flow_count && !b->closed; max_flows--) {
        struct sched_flow *f = &b->flows[b->linked++];
        if (b->next_name) {
            link_host(s, f, b->next_name, now_ms);
            b->next_name = b->next_name->next;
        }
        sched_set_state(s, f, SCHED_FLOW_OUT);
        sched_place_flow(s, f, now_ms);
    }
    sched_place_batch(s, b);
    if (b->linked < b->flow_count && !b->closed)
        return true;
    arena_fini(&b->names);
    arena_init(&b->names);
    return false;
}
