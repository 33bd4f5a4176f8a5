/* The bare loop of blocking libcurl handles in threads: what a blocking design can reach that does nothing else.
 *
 * floor thread: each thread keeps one handle for all that it fetches.
 * floor origin: each fetch takes a handle that was at its origin before, as fetchpoold does. */
#include "peer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_THREADS = 10000,
    SLOTS = 4096, /* of origins; more than any case has */
    ORIGIN_BYTES = 64,
};

struct idle {
    struct idle *next;
    CURL *easy;
};

/* The idle handles of one origin, the last one used first. */
struct origin {
    char name[ORIGIN_BYTES];
    pthread_mutex_t lock;
    struct idle *idle;
};

static struct origin origins[SLOTS];
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;
static struct idle of_thread[MAX_THREADS];
static _Thread_local struct idle *mine;

/* One run of a list. */
static const struct peer_list *list;
static atomic_size_t next_url;
static atomic_size_t answered;
static bool (*fetch)(const char *url);

static bool perform(CURL *easy, const char *url) {
    long status = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (curl_easy_perform(easy) == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
}

static bool fetch_by_thread(const char *url) {
    if (!mine->easy)
        mine->easy = peer_open_handle(0);
    return perform(mine->easy, url);
}

static struct origin *find_origin(const char *url) {
    const char *host = strstr(url, "://") + 3;
    size_t len = (size_t)(host - url) + strcspn(host, "/");
    unsigned hash = 5381;
    if (len >= ORIGIN_BYTES) {
        (void)fprintf(stderr, "floor: too long an origin: %s\n", url);
        exit(1);
    }
    for (size_t i = 0; i < len; i++)
        hash = hash * 33 + (unsigned char)url[i];
    struct origin *o = &origins[hash % SLOTS];
    pthread_mutex_lock(&naming);
    while (o->name[0] && (strncmp(o->name, url, len) != 0 || o->name[len] != '\0'))
        o = o == &origins[SLOTS - 1] ? origins : o + 1;
    memcpy(o->name, url, len);
    pthread_mutex_unlock(&naming);
    return o;
}

static bool fetch_by_origin(const char *url) {
    struct origin *o = find_origin(url);
    pthread_mutex_lock(&o->lock);
    struct idle *handle = o->idle;
    if (handle)
        o->idle = handle->next;
    pthread_mutex_unlock(&o->lock);
    if (!handle) {
        handle = peer_alloc(sizeof *handle);
        handle->easy = peer_open_handle(1);
    }
    bool ok = perform(handle->easy, url);
    pthread_mutex_lock(&o->lock);
    handle->next = o->idle;
    o->idle = handle;
    pthread_mutex_unlock(&o->lock);
    return ok;
}

static void *work(void *arg) {
    size_t ok = 0;
    mine = arg;
    for (size_t i; (i = atomic_fetch_add(&next_url, 1)) < list->count;)
        ok += fetch(list->urls[i]);
    atomic_fetch_add(&answered, ok);
    return NULL;
}

static size_t run(const struct peer_list *urls, unsigned concurrency) {
    pthread_t *threads = peer_alloc(concurrency * sizeof *threads);
    pthread_attr_t attributes;
    unsigned started = 0;
    list = urls;
    atomic_store(&next_url, 0);
    atomic_store(&answered, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)256 * 1024);
    while (started < concurrency && started < MAX_THREADS &&
           pthread_create(&threads[started], &attributes, work, &of_thread[started]) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&attributes);
    free(threads);
    return atomic_load(&answered);
}

int main(int argc, char **argv) {
    if (argc != 2 || (strcmp(argv[1], "thread") != 0 && strcmp(argv[1], "origin") != 0)) {
        (void)fprintf(stderr, "usage: floor thread|origin\n");
        return 2;
    }
    for (size_t i = 0; i < SLOTS; i++)
        pthread_mutex_init(&origins[i].lock, NULL);
    fetch = argv[1][0] == 't' ? fetch_by_thread : fetch_by_origin;
    return peer_serve(run);
}
