#include "pool/pool_hosts.h"

#include "base/clock.h"
#include "pool/worker.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_SLICE = 32 }; /* buckets that are read at a time */

static void read_host(const struct sched *s, const struct sched_host *h, int64_t now_ms, struct pool_host *ret_host) {
    *ret_host = (struct pool_host){
        .running = h->in_flight,
        .waiting = h->waiting,
        .max_concurrent = sched_host_max_concurrent(s, h),
        .delay_ms = sched_host_delay_ms(s, h),
        .max_concurrent_by_hand = h->max_concurrent != SCHED_HOST_DEFAULT,
        .delay_by_hand = h->delay_ms != SCHED_HOST_DEFAULT,
        .paused_until_ms = h->paused_until_ms > now_ms ? h->paused_until_ms : 0,
    };
    memcpy(ret_host->name, h->name, strlen(h->name));
}

static void read_unknown(const struct sched *s, const char *name, struct pool_host *ret_host) {
    *ret_host = (struct pool_host){
        .max_concurrent = s->options.host_max_concurrent,
        .delay_ms = s->options.host_delay_ms,
    };
    memcpy(ret_host->name, name, strlen(name));
}

static void find_locked(const struct pool *p, const char *name, int64_t now_ms, struct pool_host *ret_host) {
    const struct sched_host *h = sched_find_host(&p->sched, name);
    assert(strlen(name) < sizeof ret_host->name);
    if (h)
        read_host(&p->sched, h, now_ms, ret_host);
    else
        read_unknown(&p->sched, name, ret_host);
}

void pool_find_host(struct pool *p, const char *name, struct pool_host *ret_host) {
    pthread_mutex_lock(&p->lock);
    find_locked(p, name, clock_now_ms(), ret_host);
    pthread_mutex_unlock(&p->lock);
}

/* ---- all of them ---- */

/* The busiest that were seen so far, the least busy of these on top of the heap. */
struct walk {
    struct pool_host *hosts;
    size_t limit;
    size_t count;
    size_t total;
    struct heap least;
    int64_t now_ms;
};

/* Where a host with so much work is to be written; NULL: it is not among the busiest. */
static struct pool_host *place_for(struct walk *walk, int64_t work) {
    if (walk->count < walk->limit)
        return &walk->hosts[walk->count++];
    struct heap_node *least = heap_first(&walk->least);
    if (work <= least->due_ms)
        return NULL;
    heap_remove(&walk->least, least);
    return LIST_ENTRY(least, struct pool_host, rank);
}

static void see(struct walk *walk, const struct sched *s, const struct sched_host *h) {
    int64_t work = (int64_t)h->in_flight + h->waiting;
    struct pool_host *place = place_for(walk, work);
    walk->total++;
    if (!place)
        return;
    read_host(s, h, walk->now_ms, place);
    place->rank.due_ms = work;
    heap_push(&walk->least, &place->rank);
}

/* What stood in one bucket when the table had `count` of them: it only grows, by doubling, and so the things of a
 * bucket spread over those that are `count` apart. */
static void see_bucket(struct walk *walk, const struct sched *s, size_t bucket, size_t count) {
    for (; bucket < s->hosts.bucket_count; bucket += count)
        for (struct table_node *node = table_bucket(&s->hosts, bucket); node; node = node->next)
            see(walk, s, LIST_ENTRY(node, struct sched_host, in_table));
}

static int compare(const void *a, const void *b) {
    const struct pool_host *x = a, *y = b;
    if (x->rank.due_ms != y->rank.due_ms)
        return x->rank.due_ms > y->rank.due_ms ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Who unlocks and locks again at once leaves those that wait no time to wake up: they would wait for the whole walk. */
static void let_others_in(struct pool *p) {
    pthread_mutex_unlock(&p->lock);
    (void)sched_yield();
    pthread_mutex_lock(&p->lock);
}

void pool_list_hosts(struct pool *p, size_t limit, struct pool_host ret_hosts[], size_t *ret_count, size_t *ret_total) {
    struct walk walk = {.hosts = ret_hosts, .limit = limit, .now_ms = clock_now_ms()};
    assert(limit >= 1);
    heap_init(&walk.least);
    pthread_mutex_lock(&p->lock);
    size_t count = p->sched.hosts.bucket_count;
    for (size_t i = 0; i < count; i++) {
        see_bucket(&walk, &p->sched, i, count);
        if (i % HOSTS_SLICE == HOSTS_SLICE - 1)
            let_others_in(p);
    }
    pthread_mutex_unlock(&p->lock);
    qsort(ret_hosts, walk.count, sizeof *ret_hosts, compare);
    *ret_count = walk.count;
    *ret_total = walk.total;
}

/* ---- changes ---- */

/* As in see_bucket. */
static void adjust_bucket(struct sched *s, size_t bucket, size_t count, int64_t now_ms) {
    for (; bucket < s->hosts.bucket_count; bucket += count)
        for (struct table_node *node = table_bucket(&s->hosts, bucket), *next; node; node = next) {
            next = node->next;
            sched_adjust_host(s, LIST_ENTRY(node, struct sched_host, in_table), now_ms);
        }
}

/* A slice at a time, so that who waits for the lock need not wait for all. Workers are woken for each. */
void pool_hosts_set_options(struct pool *p, const struct sched_options *options) {
    pthread_mutex_lock(&p->lock);
    const struct sched_options *before = &p->sched.options;
    bool same =
        before->host_max_concurrent == options->host_max_concurrent && before->host_delay_ms == options->host_delay_ms;
    size_t count = same ? 0 : p->sched.hosts.bucket_count;
    p->sched.options = *options;
    worker_unlock(p);
    for (size_t i = 0; i < count; i += HOSTS_SLICE) {
        pthread_mutex_lock(&p->lock);
        for (size_t bucket = i; bucket < i + HOSTS_SLICE && bucket < count; bucket++)
            adjust_bucket(&p->sched, bucket, count, clock_now_ms());
        worker_unlock(p);
        (void)sched_yield();
    }
}

static enum err limit_locked(struct pool *p, const char *name, const struct pool_host_change *change, int64_t now_ms) {
    const struct sched_host *h = sched_find_host(&p->sched, name);
    int64_t max_concurrent = h ? h->max_concurrent : SCHED_HOST_DEFAULT;
    int64_t delay_ms = h ? h->delay_ms : SCHED_HOST_DEFAULT;
    if (change->set_max_concurrent)
        max_concurrent = change->max_concurrent;
    if (change->set_delay)
        delay_ms = change->delay_ms;
    if (!h && max_concurrent == SCHED_HOST_DEFAULT && delay_ms == SCHED_HOST_DEFAULT)
        return ERR_NONE;
    return sched_limit_host(&p->sched, name, max_concurrent, delay_ms, now_ms);
}

/* Only the first step can fail: a pause makes the host known, and a host that is not known need not be resumed. */
static enum err change_locked(struct pool *p, const char *name, const struct pool_host_change *change, int64_t now_ms) {
    bool pause = change->set_pause && change->paused_until_ms > now_ms;
    enum err err = ERR_NONE;
    if (pause)
        err = sched_pause_host(&p->sched, name, change->paused_until_ms, true, now_ms);
    if (!err && (change->set_max_concurrent || change->set_delay))
        err = limit_locked(p, name, change, now_ms);
    if (!err && change->set_pause && !pause && sched_find_host(&p->sched, name))
        err = sched_pause_host(&p->sched, name, 0, true, now_ms);
    return err;
}

enum err pool_set_host(struct pool *p, const char *name, const struct pool_host_change *change,
                       struct pool_host *ret_host) {
    pthread_mutex_lock(&p->lock);
    int64_t now_ms = clock_now_ms();
    enum err err = change_locked(p, name, change, now_ms);
    if (!err)
        find_locked(p, name, now_ms, ret_host);
    worker_unlock(p);
    return err;
}
