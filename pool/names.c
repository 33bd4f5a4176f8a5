#include "pool/names.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/thread.h"
#include "pool/name_cache.h"
#include "pool/name_resolver.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Those that somebody waits for are bounded by the workers; this is for those that were left. */
enum { NAMES_MAX_RUNNING = 4096 };

/* As struct names_stats has it. */
struct names_counts {
    struct counter lookups[NAMES_SOURCE_COUNT];
    struct counter answers[NAME_STATUS_COUNT];
    struct counter cached;
};

struct names {
    struct names_options options;
    struct name_resolver *resolver; /* used by the thread, but for waking it */
    struct name_answer *loopback;
    struct name_answer *no_v4_loopback; /* when that address of it may not be connected to */
    struct name_answer *no_v6_loopback;
    struct name_answer *nothing;
    pthread_t thread;
    bool has_thread;
    struct names_counts counts; /* changed under the lock, but for those that are known; read without */
    pthread_mutex_t lock;       /* guards all below */
    struct name_cache cache;
    struct list queue; /* open entries that the resolver was not asked for yet */
    size_t running;
    bool stopping;
};

/* Stands on the stack of who waits, in its entry's list until there is an answer. */
struct waiter {
    struct list in_entry;
    sem_t answered;
    struct name_answer *answer; /* NULL then: memory ran out */
};

/* ---- the thread ---- */

static void count_cached_locked(struct names *n) {
    counter_set(&n->counts.cached, n->cache.names.count);
}

/* Gives the answer to all who wait, and to the cache. An answer that is NULL or lives no longer is not kept. */
static void on_answer(void *arg, void *question, struct name_answer *answer) {
    struct names *n = arg;
    struct name_entry *e = question;
    pthread_mutex_lock(&n->lock);
    n->running--;
    for (struct list *node; (node = list_first(&e->waiters));) {
        struct waiter *w = LIST_ENTRY(node, struct waiter, in_entry);
        list_remove(node);
        w->answer = answer ? name_answer_ref(answer) : NULL;
        sem_post(&w->answered); /* it takes the lock before it leaves */
    }
    if (answer) { /* counted first: the cache takes it, and may free it */
        counter_add(&n->counts.answers[answer->status], 1);
        name_cache_answer(&n->cache, e, answer);
    } else {
        name_cache_drop(&n->cache, e);
    }
    count_cached_locked(n);
    pthread_mutex_unlock(&n->lock);
}

static struct name_entry *take_queued(struct names *n) {
    pthread_mutex_lock(&n->lock);
    struct list *node = n->running < NAMES_MAX_RUNNING && !n->stopping ? list_first(&n->queue) : NULL;
    if (node) {
        list_remove(node);
        n->running++;
    }
    pthread_mutex_unlock(&n->lock);
    return node ? LIST_ENTRY(node, struct name_entry, in_queue) : NULL;
}

static bool is_stopping(struct names *n) {
    pthread_mutex_lock(&n->lock);
    bool stopping = n->stopping;
    pthread_mutex_unlock(&n->lock);
    return stopping;
}

static void *run(void *arg) {
    struct names *n = arg;
    while (!is_stopping(n)) {
        for (struct name_entry *e; (e = take_queued(n));)
            name_resolver_ask(n->resolver, e->name, e);
        name_resolver_wait(n->resolver);
    }
    return NULL;
}

/* ---- creating ---- */

static bool judge(void *arg, struct address address) {
    const struct names *n = arg;
    return n->options.allows(n->options.arg, address);
}

static uint64_t judge_serial(void *arg) {
    const struct names *n = arg;
    return n->options.serial(n->options.arg);
}

static enum err fill(struct names *n) {
    const struct name_resolver_options options = {
        .servers = n->options.servers,
        .resolv_conf = n->options.resolv_conf ? n->options.resolv_conf : "/etc/resolv.conf",
        .timeout_ms = n->options.timeout_ms,
        .allows = judge,
        .serial = judge_serial,
        .answered = on_answer,
        .arg = n,
    };
    enum err err = name_answer_create(NAME_FOUND, "[::1],127.0.0.1", CLOCK_NEVER, &n->loopback);
    if (!err)
        err = name_answer_create(NAME_BLOCKED, "127.0.0.1", CLOCK_NEVER, &n->no_v4_loopback);
    if (!err)
        err = name_answer_create(NAME_BLOCKED, "[::1]", CLOCK_NEVER, &n->no_v6_loopback);
    if (!err)
        err = name_answer_create(NAME_NOT_FOUND, "", CLOCK_NEVER, &n->nothing);
    if (!err)
        err = name_resolver_create(&options, &n->resolver);
    if (!err)
        err = thread_start("fp-names", run, n, false, &n->thread);
    n->has_thread = !err;
    return err;
}

enum err names_create(const struct names_options *options, struct names **ret_names) {
    struct names *n = calloc(1, sizeof *n);
    if (!n)
        return ERR_NOMEM;
    n->options = *options;
    pthread_mutex_init(&n->lock, NULL);
    name_cache_init(&n->cache, n->options.max_cached);
    list_init(&n->queue);
    enum err err = fill(n);
    if (err) {
        names_destroy(n);
        return err;
    }
    *ret_names = n;
    return ERR_NONE;
}

void names_destroy(struct names *n) {
    if (!n)
        return;
    if (n->has_thread) {
        pthread_mutex_lock(&n->lock);
        n->stopping = true;
        pthread_mutex_unlock(&n->lock);
        name_resolver_wake(n->resolver);
        pthread_join(n->thread, NULL);
    }
    name_resolver_destroy(n->resolver); /* drops the entries that are still asked for */
    name_cache_fini(&n->cache);
    name_answer_unref(n->loopback);
    name_answer_unref(n->no_v4_loopback);
    name_answer_unref(n->no_v6_loopback);
    name_answer_unref(n->nothing);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

/* ---- looking up ---- */

/* Whether the host is that domain or in it. */
static bool is_within(const char *host, const char *domain) {
    size_t len = strlen(host), end = strlen(domain);
    if (len > 0 && host[len - 1] == '.')
        len--;
    return len >= end && memcmp(host + len - end, domain, end) == 0 && (len == end || host[len - end - 1] == '.');
}

/* As any answer: an address that is refused refuses the name, and is the one that is told. */
static struct name_answer *find_loopback(struct names *n) {
    const struct address v6 = {.low = 1};
    if (!judge(n, address_of_v4(INADDR_LOOPBACK)))
        return n->no_v4_loopback;
    return judge(n, v6) ? n->loopback : n->no_v6_loopback;
}

/* What is known without asking, or NULL. */
static struct name_answer *find_special(struct names *n, const char *host) {
    return is_within(host, "localhost") ? find_loopback(n) : is_within(host, "invalid") ? n->nothing : NULL;
}

/* An entry that is open and, if it was not, stands in the queue now. */
static enum err open_entry_locked(struct names *n, const char *host, struct name_entry *e,
                                  struct name_entry **ret_entry) {
    enum err err = e ? ERR_NONE : name_cache_add(&n->cache, host, &e);
    if (err)
        return err;
    if (e->answer)
        name_cache_reopen(&n->cache, e);
    list_push_back(&n->queue, &e->in_queue);
    *ret_entry = e;
    return ERR_NONE;
}

static bool is_fresh(const struct name_answer *answer, int64_t now_ms, uint64_t serial) {
    bool is_judged = answer->status == NAME_FOUND || answer->status == NAME_BLOCKED;
    return answer->expires_at_ms > now_ms && (!is_judged || answer->judged_by == serial);
}

/* Gives the waiter the answer if there is one, or else lets it stand in the entry. */
static enum err answer_or_join(struct names *n, const char *host, struct waiter *w, bool *ret_joined) {
    enum err err = ERR_NONE;
    bool wakes = false;
    int64_t now_ms = clock_now_ms();
    uint64_t serial = judge_serial(n);
    pthread_mutex_lock(&n->lock);
    struct name_entry *e = name_cache_find(&n->cache, host);
    if (e && e->answer && is_fresh(e->answer, now_ms, serial)) {
        name_cache_touch(&n->cache, e);
        w->answer = name_answer_ref(e->answer);
        counter_add(&n->counts.lookups[NAMES_CACHED], 1);
    } else {
        if (!e || e->answer) {
            err = open_entry_locked(n, host, e, &e);
            wakes = !err;
            count_cached_locked(n);
        }
        if (!err)
            list_push_back(&e->waiters, &w->in_entry);
        counter_add(&n->counts.lookups[wakes ? NAMES_ASKED : NAMES_JOINED], !err);
        *ret_joined = !err;
    }
    pthread_mutex_unlock(&n->lock);
    if (wakes)
        name_resolver_wake(n->resolver);
    return err;
}

/* A name that nobody waits for any more and that was not asked for need not be asked for. */
static void leave(struct names *n, const char *host, struct waiter *w) {
    pthread_mutex_lock(&n->lock);
    bool waits = !list_is_empty(&w->in_entry);
    list_remove(&w->in_entry);
    struct name_entry *e = waits ? name_cache_find(&n->cache, host) : NULL;
    if (e && list_is_empty(&e->waiters) && !list_is_empty(&e->in_queue)) {
        list_remove(&e->in_queue);
        name_cache_drop(&n->cache, e);
        count_cached_locked(n);
    }
    pthread_mutex_unlock(&n->lock);
}

static bool is_cancelled(const _Atomic(enum fetch_error) *cancelled) {
    return cancelled && atomic_load(cancelled) != FETCH_OK;
}

static enum err wait_for_answer(struct names *n, const char *host, struct waiter *w, int64_t until_ms,
                                const _Atomic(enum fetch_error) *cancelled) {
    enum err err = ERR_CLOSED;
    while (err == ERR_CLOSED && !is_cancelled(cancelled))
        err = thread_wait_interruptible(&w->answered, until_ms);
    leave(n, host, w);
    return w->answer ? ERR_NONE : err ? err : ERR_NOMEM;
}

enum err names_lookup(struct names *n, const char *host, int64_t until_ms, const _Atomic(enum fetch_error) *cancelled,
                      struct name_answer **ret_answer) {
    struct waiter w = {.answer = NULL};
    struct name_answer *special = find_special(n, host);
    if (special) {
        counter_add_shared(&n->counts.lookups[NAMES_KNOWN], 1);
        *ret_answer = name_answer_ref(special);
        return ERR_NONE;
    }
    list_init(&w.in_entry);
    sem_init(&w.answered, 0, 0);
    bool joined = false;
    enum err err = answer_or_join(n, host, &w, &joined);
    if (joined)
        err = wait_for_answer(n, host, &w, until_ms, cancelled);
    sem_destroy(&w.answered);
    if (!err)
        *ret_answer = w.answer;
    return err;
}

void names_read_stats(const struct names *n, struct names_stats *ret_stats) {
    for (size_t i = 0; i < NAMES_SOURCE_COUNT; i++)
        ret_stats->lookups[i] = counter_read(&n->counts.lookups[i]);
    for (size_t i = 0; i < NAME_STATUS_COUNT; i++)
        ret_stats->answers[i] = counter_read(&n->counts.answers[i]);
    ret_stats->cached = counter_read(&n->counts.cached);
}
