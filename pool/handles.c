#include "pool/handles.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct handles {
    struct handles_options options;
    struct timer_event sweep;
    size_t bucket_mask;
    pthread_mutex_t lock; /* guards all below */
    struct list age;      /* idle handles, the one put back last in front */
    size_t idle;
    bool sweep_is_set;
    struct list buckets[]; /* idle handles by origin, the one put back last in front */
};

/* FNV-1a. Origins come from callers, but a bucket is never longer than max_idle. */
static uint64_t hash_text(const char *text) {
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

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
    h->idle--;
}

/* Moves the coldest to `ret_cold` while there are too many or while they are too old. Closing them waits until the lock
 * is free. */
static void take_cold_locked(struct handles *h, size_t keep, int64_t idle_before_ms, struct list *ret_cold) {
    for (;;) {
        struct list *node = list_last(&h->age);
        struct handle *handle = node ? LIST_ENTRY(node, struct handle, in_age) : NULL;
        if (!handle || (h->idle <= keep && handle->idle_since_ms > idle_before_ms))
            return;
        unlink_locked(h, handle);
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
    int64_t due_ms = LIST_ENTRY(node, struct handle, in_age)->idle_since_ms + h->options.idle_timeout_ms;
    timers_set(h->options.timers, &h->sweep, due_ms + h->options.idle_timeout_ms / 8 + 1);
    h->sweep_is_set = true;
}

static void sweep(void *arg) {
    struct handles *h = arg;
    struct list cold;
    list_init(&cold);
    pthread_mutex_lock(&h->lock);
    h->sweep_is_set = false;
    take_cold_locked(h, h->options.max_idle, clock_now_ms() - h->options.idle_timeout_ms, &cold);
    set_sweep_locked(h);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
}

enum err handles_create(const struct handles_options *options, struct handles **ret_handles) {
    size_t count = bucket_count(options->max_idle);
    struct handles *h = calloc(1, sizeof *h + count * sizeof h->buckets[0]);
    if (!h)
        return ERR_NOMEM;
    h->options = *options;
    h->bucket_mask = count - 1;
    for (size_t i = 0; i < count; i++)
        list_init(&h->buckets[i]);
    list_init(&h->age);
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

static struct handle *find_locked(struct handles *h, uint64_t hash, const char *origin) {
    LIST_FOR_EACH(node, &h->buckets[hash & h->bucket_mask]) {
        struct handle *handle = LIST_ENTRY(node, struct handle, in_bucket);
        if (handle->hash == hash && strcmp(handle->origin, origin) == 0)
            return handle;
    }
    return NULL;
}

static enum err create_handle(struct handles *h, uint64_t hash, const char *origin, struct handle **ret_handle) {
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return ERR_NOMEM;
    list_init(&handle->in_bucket);
    list_init(&handle->in_age);
    handle->hash = hash;
    memcpy(handle->origin, origin, strlen(origin) + 1); /* an origin's text fits by its type */
    handle->easy = curl_easy_init();
    enum err err = handle->easy ? h->options.configure(handle->easy, h->options.arg) : ERR_NOMEM;
    if (err) {
        close_handle(handle);
        return err;
    }
    *ret_handle = handle;
    return ERR_NONE;
}

enum err handles_take(struct handles *h, const char *origin, struct handle **ret_handle) {
    uint64_t hash = hash_text(origin);
    pthread_mutex_lock(&h->lock);
    struct handle *handle = find_locked(h, hash, origin);
    if (handle)
        unlink_locked(h, handle);
    pthread_mutex_unlock(&h->lock);
    if (!handle)
        return create_handle(h, hash, origin, ret_handle);
    *ret_handle = handle;
    return ERR_NONE;
}

void handles_put(struct handles *h, struct handle *handle) {
    struct list cold;
    list_init(&cold);
    handle->idle_since_ms = clock_now_ms();
    pthread_mutex_lock(&h->lock);
    list_push_front(&h->buckets[handle->hash & h->bucket_mask], &handle->in_bucket);
    list_push_front(&h->age, &handle->in_age);
    h->idle++;
    take_cold_locked(h, h->options.max_idle, 0, &cold);
    set_sweep_locked(h);
    pthread_mutex_unlock(&h->lock);
    close_list(&cold);
}

size_t handles_idle(struct handles *h) {
    pthread_mutex_lock(&h->lock);
    size_t idle = h->idle;
    pthread_mutex_unlock(&h->lock);
    return idle;
}
