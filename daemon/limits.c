#include "daemon/limits.h"

#include "base/files.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { SHARE_COUNT = 3, OTHER_FILES = 64, LEAST_VALUE = 8 };

/* One of the settings that descriptors go to. */
struct share {
    const char *key;
    int64_t files_each;
    int64_t value;
    bool lowers; /* a default that may be lowered */
};

struct shares {
    struct share of[SHARE_COUNT];
};

static struct shares shares_of(const struct settings_loader *l) {
    const struct settings *s = settings_loader_values(l);
    struct shares shares = {{
        {"server.max_connections", 1, s->server.max_connections, false},
        {"pool.workers", FILES_PER_FETCH, s->pool.workers, false},
        {"pool.handles", FILES_PER_HANDLE, s->pool.handles, false},
    }};
    for (int i = 0; i < SHARE_COUNT; i++)
        shares.of[i].lowers = settings_loader_source(l, shares.of[i].key) == SETTINGS_SOURCE_DEFAULT;
    return shares;
}

/* What goes to the shares that may be lowered, or to the others. */
static int64_t sum(const struct shares *shares, bool lowers) {
    int64_t files = 0;
    for (int i = 0; i < SHARE_COUNT; i++)
        if (shares->of[i].lowers == lowers)
            files += shares->of[i].files_each * shares->of[i].value;
    return files;
}

static enum err refuse(const struct shares *shares, int64_t files, struct limits_message *ret_message) {
    const struct share *s = shares->of;
    int64_t need = sum(shares, true) + sum(shares, false) + OTHER_FILES;
    (void)snprintf(ret_message->text, sizeof ret_message->text,
                   "the settings need %" PRId64 " file descriptors and the hard limit is %" PRId64 ": %s %" PRId64
                   " x %" PRId64 " + %s %" PRId64 " x %" PRId64 " + %s %" PRId64 " x %" PRId64
                   " + %d; lower them or raise the limit (ulimit -Hn)",
                   need, files, s[0].key, s[0].value, s[0].files_each, s[1].key, s[1].value, s[1].files_each, s[2].key,
                   s[2].value, s[2].files_each, OTHER_FILES);
    return ERR_LIMIT;
}

/* False when there is too little for one of them. */
static bool lower(struct shares *shares, int64_t files) {
    int64_t wanted = sum(shares, true);
    int64_t left = files - OTHER_FILES - sum(shares, false);
    if (wanted == 0 || left <= 0)
        return false;
    for (int i = 0; i < SHARE_COUNT; i++) {
        struct share *s = &shares->of[i];
        if (!s->lowers)
            continue;
        s->value = s->value * left / wanted;
        if (s->value < LEAST_VALUE)
            return false;
    }
    return true;
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
    if (sum(&wanted, true) + sum(&wanted, false) + OTHER_FILES <= files)
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
