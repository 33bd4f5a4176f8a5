/* Warm libcurl easy handles, kept by origin, and apart when another version of HTTP than 1.1 is spoken.
 *
 * A handle holds the live connection and the TLS session of its last fetch, so a fetch of the same origin, by whichever
 * thread, takes the handle used last for it. A handle belongs to one thread from handles_take until handles_put. Idle
 * ones are bounded in number (the coldest goes first) and in idle time.
 *
 * When file descriptors run out, idle handles are closed from the cold end, a quarter at a time; when there are none
 * left, those who need a new handle stand in line for one that is put back. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_HANDLES_H
#define FETCHPOOL_POOL_HANDLES_H

#include "base/err.h"
#include "base/list.h"
#include "base/timers.h"
#include "pool/fetcher_stats.h"
#include "pool/url.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct handles;

/* An origin, and a word that tells the version unless it is 1.1. */
enum { HANDLES_KEY_BYTES = URL_ORIGIN_BYTES + 8 };

/* The owner uses `easy` and `addresses`, and notes the next four before handles_put; the other fields are private. */
struct handle {
    CURL *easy;
    uint64_t addresses; /* serial of the name's answer that libcurl was given, 0 at first */
    unsigned opened;    /* connections that were made since handles_take */
    unsigned reused;    /* requests on a connection that was there before */
    bool broken;        /* it must not be used again */
    bool starved;       /* no descriptor was left for a connection: the handle is closed rather than kept */
    struct list in_bucket;
    struct list in_age;
    uint64_t hash;
    int64_t idle_since_ms;
    char origin[HANDLES_KEY_BYTES];
};

struct handles_options {
    size_t max_idle;
    size_t max_all; /* in use and idle: idle ones give way to new ones; what is in use may be more */
    int64_t idle_timeout_ms;
    struct timers *timers; /* borrowed; outlives the handles */
    /* Gives a new easy handle the options that never change. */
    enum err (*configure)(CURL *easy, void *arg);
    /* Told once when descriptors run out, and again only after they sufficed for a minute; may be NULL. Any thread,
     * without a lock held. */
    void (*no_file)(size_t in_use, void *arg);
    void *arg;
};

/* ERR_NOMEM. */
enum err handles_create(const struct handles_options *options, struct handles **ret_handles) ERR_MUST_CHECK;

/* All handles must have been put back. Accepts NULL. */
void handles_destroy(struct handles *h);

/* The warmest idle handle of that origin (less than HANDLES_KEY_BYTES), or a new one; waits for descriptors until the
 * monotonic time `until_ms`. The caller owns it until handles_put. ERR_NOMEM; ERR_LIMIT: no descriptor was to be had;
 * ERR_CLOSED: a signal came while it waited, thread_interrupt. Any thread. */
enum err handles_take(struct handles *h, const char *origin, int64_t until_ms,
                      struct handle **ret_handle) ERR_MUST_CHECK;

/* Takes the handle back. It must not refer to anything of the caller any more. May close a connection. Any thread. */
void handles_put(struct handles *h, struct handle *handle);

/* From now on idle handles are closed after so long. Any thread. */
void handles_set_idle_timeout(struct handles *h, int64_t idle_timeout_ms);

/* Descriptors have run out elsewhere: closes some of the idle handles. Any thread. */
void handles_make_room(struct handles *h);

/* Closes all idle handles: what they are connected to may not be wanted any more. Any thread. */
void handles_close_idle(struct handles *h);

/* Without the lock that fetches take. Any thread. */
void handles_read_stats(struct handles *h, struct handles_stats *ret_stats);

#endif
