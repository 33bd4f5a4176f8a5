#include "daemon/refusal_log.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* In any sixty seconds there are at most the lines of two minutes, so that none of their slots is taken by another. */
enum { REFUSAL_SLOTS = 2 * REFUSAL_LOG_LINES, REFUSAL_MINUTE_MS = 60 * 1000 };

struct slot {
    uint64_t hash;
    int64_t told_at_ms;
};

static pthread_mutex_t refusal_lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct slot slots[REFUSAL_SLOTS];
static int64_t minute_began_ms;
static unsigned lines_in_minute;
static int64_t untold;

/* The slot of what was told before, else the one that was used longest ago. */
static struct slot *find_slot_locked(uint64_t hash) {
    struct slot *oldest = &slots[0];
    for (size_t i = 0; i < REFUSAL_SLOTS; i++) {
        if (slots[i].told_at_ms != 0 && slots[i].hash == hash)
            return &slots[i];
        if (slots[i].told_at_ms < oldest->told_at_ms)
            oldest = &slots[i];
    }
    return oldest;
}

/* Two that have the same hash share their line. */
static bool is_to_be_told_locked(uint64_t hash, int64_t now_ms) {
    struct slot *slot = find_slot_locked(hash);
    if (now_ms - minute_began_ms >= REFUSAL_MINUTE_MS || minute_began_ms == 0) {
        minute_began_ms = now_ms;
        lines_in_minute = 0;
    }
    bool was_told = slot->told_at_ms != 0 && slot->hash == hash && now_ms - slot->told_at_ms < REFUSAL_MINUTE_MS;
    if (was_told || lines_in_minute >= REFUSAL_LOG_LINES)
        return false;
    *slot = (struct slot){.hash = hash, .told_at_ms = now_ms};
    lines_in_minute++;
    return true;
}

void refusal_log_write(const struct fetch_refusal *r) {
    uint64_t hash = hash_text(r->host, strlen(r->host)) * 31 + hash_text(r->rule, strlen(r->rule));
    pthread_mutex_lock(&refusal_lock);
    bool tell = is_to_be_told_locked(hash, clock_now_ms());
    int64_t left_out = tell ? untold : 0;
    untold = tell ? 0 : untold + 1;
    pthread_mutex_unlock(&refusal_lock);
    if (tell)
        log_warning("refused by the guard", log_text("host", r->host), log_text("address", r->address),
                    log_int("port", r->port), log_text("rule", r->rule), log_text("why", r->why),
                    log_text("inside", r->inside), log_text("setting", r->setting), log_int("untold", left_out));
}
