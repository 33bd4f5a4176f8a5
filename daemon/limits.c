#include "daemon/limits.h"

#include "api/server.h"
#include "base/files.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { SHARE_CLIENTS, SHARE_WORKERS, SHARE_HANDLES, SHARE_COUNT };
enum { FILES_PER_CLIENT = 1, OTHER_FILES = 64 + API_SPARE_CONNECTIONS, LEAST_VALUE = 8, WHOLE = 1 << 20 };

/* One of the settings that descriptors go to. */
struct share {
    const char *key;
    int64_t value;
    bool lowers; /* a default that may be lowered */
};

struct shares {
    struct share of[SHARE_COUNT];
};

static struct shares shares_of(const struct settings_loader *l) {
    const struct settings *s = settings_loader_values(l);
    struct shares shares = {{
        [SHARE_CLIENTS] = {"server.max_connections", s->server.max_connections, false},
        [SHARE_WORKERS] = {"pool.workers", s->pool.workers, false},
        [SHARE_HANDLES] = {"pool.handles", s->pool.handles, false},
    }};
    for (int i = 0; i < SHARE_COUNT; i++)
        shares.of[i].lowers = settings_loader_source(l, shares.of[i].key) == SETTINGS_SOURCE_DEFAULT;
    return shares;
}

/* There is a handle for each worker at least: daemon/limits.h. */
static int64_t count_handles(const struct shares *shares) {
    int64_t workers = shares->of[SHARE_WORKERS].value;
    int64_t handles = shares->of[SHARE_HANDLES].value;
    return handles > workers ? handles : workers;
}

static int64_t need(const struct shares *shares) {
    return FILES_PER_CLIENT * shares->of[SHARE_CLIENTS].value + FILES_PER_FETCH * shares->of[SHARE_WORKERS].value +
           FILES_PER_HANDLE * count_handles(shares) + OTHER_FILES;
}

static enum err refuse(const struct shares *shares, int64_t files, struct limits_message *ret_message) {
    const struct share *s = shares->of;
    (void)snprintf(ret_message->text, sizeof ret_message->text,
                   "the settings need %" PRId64 " file descriptors and the hard limit is %" PRId64 ": %s %" PRId64
                   " x %d + %s %" PRId64 " x %d + %s %" PRId64 " x %d + %d; lower them or raise the limit (ulimit -Hn)",
                   need(shares), files, s[SHARE_CLIENTS].key, s[SHARE_CLIENTS].value, FILES_PER_CLIENT,
                   s[SHARE_WORKERS].key, s[SHARE_WORKERS].value, FILES_PER_FETCH, s[SHARE_HANDLES].key,
                   count_handles(shares), FILES_PER_HANDLE, OTHER_FILES);
    return ERR_LIMIT;
}

static struct shares lowered_to(const struct shares *wanted, int64_t part) {
    struct shares lowered = *wanted;
    for (int i = 0; i < SHARE_COUNT; i++)
        if (lowered.of[i].lowers)
            lowered.of[i].value = lowered.of[i].value * part / WHOLE;
    return lowered;
}

/* Finds the largest part of the defaults that fits. False when it leaves too little of one of them. */
static bool lower(struct shares *shares, int64_t files) {
    int64_t fits = 0, too_much = WHOLE;
    while (too_much - fits > 1) {
        struct shares tried = lowered_to(shares, (fits + too_much) / 2);
        *(need(&tried) <= files ? &fits : &too_much) = (fits + too_much) / 2;
    }
    *shares = lowered_to(shares, fits);
    for (int i = 0; i < SHARE_COUNT; i++)
        if (shares->of[i].lowers && shares->of[i].value < LEAST_VALUE)
            return false;
    return need(shares) <= files;
}

static void warn(const struct shares *shares, int64_t files, struct limits_message *ret_message) {
    size_t at = 0;
    for (int i = 0; i < SHARE_COUNT; i++) {
        const struct share *s = &shares->of[i];
        if (s->lowers)
            at += (size_t)snprintf(ret_message->text + at, sizeof ret_message->text - at, "%s%s to %" PRId64,
                                   at > 0 ? ", " : "lowered ", s->key, s->value);
    }
    (void)snprintf(ret_message->text + at, sizeof ret_message->text - at,
                   ": the hard limit is %" PRId64 " file descriptors", files);
}

enum err limits_fit(struct settings_loader *l, int64_t files, struct limits_message *ret_message) {
    const struct shares wanted = shares_of(l);
    ret_message->text[0] = '\0';
    if (need(&wanted) <= files)
        return ERR_NONE;
    struct shares lowered = wanted;
    if (!lower(&lowered, files))
        return refuse(&wanted, files, ret_message);
    for (int i = 0; i < SHARE_COUNT; i++)
        if (lowered.of[i].lowers)
            settings_load_fit(l, lowered.of[i].key, lowered.of[i].value);
    warn(&lowered, files, ret_message);
    return ERR_NONE;
}
