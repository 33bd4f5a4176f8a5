/* Warm libcurl easy handles, kept by origin.
 *
 * A handle holds the live connection and the TLS session of its last fetch, so a fetch of the same origin, by whichever
 * thread, takes the handle used last for it. A handle belongs to one thread from handles_take until handles_put. Idle
 * ones are bounded in number (the coldest goes first) and in idle time. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_HANDLES_H
#define FETCHPOOL_POOL_HANDLES_H

#include "base/err.h"
#include "base/list.h"
#include "base/timers.h"
#include "pool/url.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct handles;

/* `easy` and `addresses` may be used by the owner; the other fields are private. */
struct handle {
    CURL *easy;
    uint64_t addresses; /* serial of the name's answer that libcurl was given, 0 at first */
    struct list in_bucket;
    struct list in_age;
    uint64_t hash;
    int64_t idle_since_ms;
    char origin[URL_ORIGIN_BYTES];
};

struct handles_options {
    size_t max_idle;
    int64_t idle_timeout_ms;
    struct timers *timers; /* borrowed; outlives the handles */
    /* Gives a new easy handle the options that never change. */
    enum err (*configure)(CURL *easy, void *arg);
    void *arg;
};

/* ERR_NOMEM. */
enum err handles_create(const struct handles_options *options, struct handles **ret_handles) ERR_MUST_CHECK;

/* All handles must have been put back. Accepts NULL. */
void handles_destroy(struct handles *h);

/* The warmest idle handle of that origin, or a new one. The caller owns it until handles_put. ERR_NOMEM. Any thread. */
enum err handles_take(struct handles *h, const char *origin, struct handle **ret_handle) ERR_MUST_CHECK;

/* Takes the handle back. It must not refer to anything of the caller any more. May close a connection. Any thread. */
void handles_put(struct handles *h, struct handle *handle);

/* Idle handles now. Any thread. */
size_t handles_idle(struct handles *h);

#endif
