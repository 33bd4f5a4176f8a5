#include "pool/handles.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/thread.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum {
    HANDLES_SHED_SHARE = 4, /* of the idle handles one in so many is closed when descriptors run out */
    HANDLES_LOOK_MS = 100,  /* how often one who waits looks whether others gave descriptors back */
    HANDLES_PAUSE_MS = 10,  /* nobody tries for a new connection so long after one failed in vain */
    HANDLES_RECOVERED_MS = 60 * 1000,
};

/* As struct handles_stats has it. Changed under the lock, read without. */
struct handles_counts {
    struct counter idle;
    struct counter in_use;
    struct counter opened;
    struct counter reused;
    struct counter closed_cold;
};

struct handles {
    struct handles_options options;
    struct timer_event sweep;
    size_t bucket_mask;
    pthread_mutex_t lock; /* guards all below */
    int64_t idle_timeout_ms;
    struct list age;  /* idle handles, the one put back last in front */
    struct list line; /* of those who wait for a descriptor, the one that came first in front */
    struct handles_counts counts;
    int64_t short_at_ms;    /* descriptors ran out last */
    int64_t pause_until_ms; /* there is no use in trying before */
    bool sweep_is_set;
    struct list buckets[]; /* idle handles by origin, the one put back last in front */
};

/* One who waits for a descriptor: stands on its stack. */
struct waiter {
    struct list in_line;
    sem_t turn; /* posted under the lock when it was taken out of the line */
    uint64_t hash;
    const char *origin;
    struct handle *handle; /* of that origin, put into its hands; NULL: one may be made */
};

static size_t bucket_count(size_t max_idle) {
    size_t count = 16;
    while (count < max_idle)
        count *= 2;
    return count;
}

static void close_handle(struct handle *handle) {
    curl_easy_cleanup(handle->easy);
    free(handle);
}

static void unlink_locked(struct handles *h, struct handle *handle) {
    list_remove(&handle->in_bucket);
    list_remove(&handle->in_age);
    counter_subtract(&h->counts.idle, 1);
}

/* Moves the coldest to `ret_cold` while there are too many or while they are too old. Closing them waits until the lock
 * is free. */
static void take_cold_locked(struct handles *h, size_t keep, int64_t idle_before_ms, struct list *ret_cold) {
    for (;;) {
        struct list *node = list_last(&h->age);
        struct handle *handle = node ? LIST_ENTRY(node, struct handle, in_age) : NULL;
        if (!handle || (counter_read(&h->counts.idle) <= keep && handle->idle_since_ms > idle_before_ms))
            return;
        unlink_locked(h, handle);
        counter_add(&h->counts.closed_cold, 1);
        list_push_back(ret_cold, &handle->in_age);
    }
}

static void close_list(struct list *cold) {
    for (struct list *node = list_first(cold); node; node = list_first(cold)) {
        list_remove(node);
        close_handle(LIST_ENTRY(node, struct handle, in_age));
    }
}

static void set_sweep_locked(struct handles *h) {
    struct list *node = list_last(&h->age);
    if (h->sweep_is_set || !node)
        return;
    int64_t due_ms = LIST_ENTRY(node, struct handle, in_age)->idle_since_ms + h->idle_timeout_ms;
    timers_set(h->options.timers, &h->sweep, due_ms + h->idle_timeout_ms / 8 + 1);
    h->sweep_is_set = true;
}

static void sweep(void *arg) {
    struct handles *h = arg;
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    h->sweep_is_set = false;
    take_cold_locked(h, h->options.max_idle, clock_now_ms() - h->idle_timeout_ms, &cold);
    set_sweep_locked(h);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
}

void handles_set_idle_timeout(struct handles *h, int64_t idle_timeout_ms) {
    pthread_mutex_lock(&h->lock);
    h->idle_timeout_ms = idle_timeout_ms;
    h->sweep_is_set = false;
    set_sweep_locked(h);
    pthread_mutex_unlock(&h->lock);
}

enum err handles_create(const struct handles_options *options, struct handles **ret_handles) {
    size_t count = bucket_count(options->max_idle);
    struct handles *h = calloc(1, sizeof *h + count * sizeof h->buckets[0]);
    if (!h)
        return ERR_NOMEM;
    h->options = *options;
    h->idle_timeout_ms = options->idle_timeout_ms;
    h->bucket_mask = count - 1;
    for (size_t i = 0; i < count; i++)
        list_init(&h->buckets[i]);
    list_init(&h->age);
    list_init(&h->line);
    h->short_at_ms = -HANDLES_RECOVERED_MS;
    timer_event_init(&h->sweep, sweep, h);
    pthread_mutex_init(&h->lock, NULL);
    *ret_handles = h;
    return ERR_NONE;
}

void handles_destroy(struct handles *h) {
    if (!h)
        return;
    timers_cancel(h->options.timers, &h->sweep);
    close_list(&h->age);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static bool is_of(const struct handle *handle, uint64_t hash, const char *origin) {
    return handle->hash == hash && strcmp(handle->origin, origin) == 0;
}

/* The warmest; NULL: none. */
static struct handle *take_idle_locked(struct handles *h, uint64_t hash, const char *origin) {
    LIST_FOR_EACH(node, &h->buckets[hash & h->bucket_mask]) {
        struct handle *handle = LIST_ENTRY(node, struct handle, in_bucket);
        if (!is_of(handle, hash, origin))
            continue;
        unlink_locked(h, handle);
        counter_add(&h->counts.in_use, 1);
        return handle;
    }
    return NULL;
}

/* ---- when descriptors run out ---- */

/* True: idle handles were closed. */
static bool shed(struct handles *h) {
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    size_t idle = counter_read(&h->counts.idle);
    size_t keep = idle - (idle + HANDLES_SHED_SHARE - 1) / HANDLES_SHED_SHARE;
    take_cold_locked(h, keep, INT64_MIN, &cold);
    bool tell = clock_now_ms() - h->short_at_ms >= HANDLES_RECOVERED_MS;
    h->short_at_ms = clock_now_ms();
    size_t in_use = counter_read(&h->counts.in_use);
    pthread_mutex_unlock(&h->lock);
    bool some = !list_is_empty(&cold);
    close_list(&cold);
    if (tell && h->options.no_file)
        h->options.no_file(in_use, h->options.arg);
    return some;
}

void handles_make_room(struct handles *h) {
    (void)shed(h); /* what else there is to do is the caller's business */
}

static void pause_trying(struct handles *h) {
    pthread_mutex_lock(&h->lock);
    h->pause_until_ms = clock_now_ms() + HANDLES_PAUSE_MS;
    pthread_mutex_unlock(&h->lock);
}

/* Room for a handle and its connection. */
static bool has_room(struct handles *h) {
    while (!files_are_left(FILES_PER_HANDLE))
        if (!shed(h))
            return false;
    return true;
}

/* Whoever is served was taken out of the line by handles_put. */
static enum err wait_for_turn(struct handles *h, struct waiter *w, int64_t until_ms) {
    for (;;) {
        int64_t look_ms = clock_now_ms() + HANDLES_LOOK_MS;
        enum err err = thread_wait_interruptible(&w->turn, look_ms < until_ms ? look_ms : until_ms);
        bool room = err == ERR_LIMIT && files_are_left(FILES_PER_HANDLE);
        bool late = clock_now_ms() >= until_ms;
        pthread_mutex_lock(&h->lock);
        bool served = list_is_empty(&w->in_line);
        bool leaves = served || room || late || err == ERR_CLOSED;
        if (leaves)
            list_remove(&w->in_line);
        pthread_mutex_unlock(&h->lock);
        if (leaves)
            return served || room ? ERR_NONE : err;
    }
}

/* Waits for a handle, or for leave to make one: `*ret_handle` is NULL then. */
static enum err stand_in_line(struct handles *h, uint64_t hash, const char *origin, int64_t until_ms,
                              struct handle **ret_handle) {
    struct waiter w = {.hash = hash, .origin = origin};
    list_init(&w.in_line);
    sem_init(&w.turn, 0, 0);
    pthread_mutex_lock(&h->lock);
    struct handle *idle = take_idle_locked(h, hash, origin); /* one that came back just now */
    if (!idle)
        list_push_back(&h->line, &w.in_line);
    pthread_mutex_unlock(&h->lock);
    enum err err = idle ? ERR_NONE : wait_for_turn(h, &w, until_ms);
    sem_destroy(&w.turn);
    *ret_handle = idle ? idle : w.handle;
    return err;
}

/* ---- taking and putting ---- */

static enum err create_handle(struct handles *h, uint64_t hash, const char *origin, struct handle **ret_handle) {
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return ERR_NOMEM;
    list_init(&handle->in_bucket);
    list_init(&handle->in_age);
    handle->hash = hash;
    memcpy(handle->origin, origin, strlen(origin) + 1); /* it fits, the header says */
    handle->easy = curl_easy_init();
    enum err err = handle->easy ? h->options.configure(handle->easy, h->options.arg) : ERR_NOMEM;
    if (err) {
        close_handle(handle);
        return err;
    }
    *ret_handle = handle;
    return ERR_NONE;
}

/* An idle handle gives way to the new one when there are too many. */
static void count_new(struct handles *h) {
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    counter_add(&h->counts.in_use, 1);
    size_t in_use = counter_read(&h->counts.in_use);
    size_t keep = in_use < h->options.max_all ? h->options.max_all - in_use : 0;
    take_cold_locked(h, keep, INT64_MIN, &cold);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
}

static enum err take_new(struct handles *h, uint64_t hash, const char *origin, struct handle **ret_handle) {
    count_new(h);
    enum err err = create_handle(h, hash, origin, ret_handle);
    if (!err)
        return ERR_NONE;
    pthread_mutex_lock(&h->lock);
    counter_subtract(&h->counts.in_use, 1);
    pthread_mutex_unlock(&h->lock);
    return err;
}

enum err handles_take(struct handles *h, const char *origin, int64_t until_ms, struct handle **ret_handle) {
    uint64_t hash = hash_text(origin, strlen(origin));
    pthread_mutex_lock(&h->lock);
    struct handle *handle = take_idle_locked(h, hash, origin);
    bool must_wait = !list_is_empty(&h->line) || (h->pause_until_ms && clock_now_ms() < h->pause_until_ms);
    pthread_mutex_unlock(&h->lock);
    enum err err = ERR_NONE;
    if (!handle && (must_wait || !has_room(h)))
        err = stand_in_line(h, hash, origin, until_ms, &handle);
    if (!err && !handle)
        return take_new(h, hash, origin, ret_handle);
    if (!err)
        *ret_handle = handle;
    return err;
}

static void count_use_locked(struct handles *h, struct handle *handle) {
    counter_subtract(&h->counts.in_use, 1);
    counter_add(&h->counts.opened, handle->opened);
    counter_add(&h->counts.reused, handle->reused);
    handle->opened = handle->reused = 0;
}

static void put_starved(struct handles *h, struct handle *handle) {
    close_handle(handle);
    if (!shed(h))
        pause_trying(h);
}

static void keep_locked(struct handles *h, struct handle *handle, struct list *ret_cold) {
    handle->idle_since_ms = clock_now_ms();
    list_push_front(&h->buckets[handle->hash & h->bucket_mask], &handle->in_bucket);
    list_push_front(&h->age, &handle->in_age);
    counter_add(&h->counts.idle, 1);
    take_cold_locked(h, h->options.max_idle, INT64_MIN, ret_cold);
    set_sweep_locked(h);
}

static void serve_locked(struct waiter *w, struct handle *handle) {
    w->handle = handle;
    list_remove(&w->in_line);
    sem_post(&w->turn);
}

/* The first in line gets the handle when it is of its origin, else what it takes to make another. */
static void serve_line(struct handles *h, struct handle *handle) {
    pthread_mutex_lock(&h->lock);
    struct list *first = list_first(&h->line);
    struct waiter *w = first ? LIST_ENTRY(first, struct waiter, in_line) : NULL;
    bool fits = w && !handle->broken && is_of(handle, w->hash, w->origin);
    counter_add(&h->counts.in_use, fits);
    if (fits)
        serve_locked(w, handle);
    pthread_mutex_unlock(&h->lock);
    if (fits)
        return;
    close_handle(handle);
    pthread_mutex_lock(&h->lock);
    first = list_first(&h->line);
    if (first)
        serve_locked(LIST_ENTRY(first, struct waiter, in_line), NULL);
    pthread_mutex_unlock(&h->lock);
}

void handles_put(struct handles *h, struct handle *handle) {
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    count_use_locked(h, handle);
    bool starved = handle->starved; /* one that is kept may be another's as soon as the lock is free */
    bool keep = !starved && !handle->broken && list_is_empty(&h->line);
    if (keep)
        keep_locked(h, handle, &cold);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
    if (starved)
        put_starved(h, handle);
    else if (!keep)
        serve_line(h, handle);
}

void handles_close_idle(struct handles *h) {
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    take_cold_locked(h, 0, INT64_MIN, &cold);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
}

void handles_read_stats(struct handles *h, struct handles_stats *ret_stats) {
    *ret_stats = (struct handles_stats){
        .idle = counter_read(&h->counts.idle),
        .in_use = counter_read(&h->counts.in_use),
        .opened = counter_read(&h->counts.opened),
        .reused = counter_read(&h->counts.reused),
        .closed_cold = counter_read(&h->counts.closed_cold),
    };
}
