#include "daemon/watchdog.h"

void watchdog_init(struct watchdog *w, struct pool *pool) {
    scout_init(&w->scout, pool);
    w->has_looked = false;
    w->has_sent = false;
}

void watchdog_fini(struct watchdog *w) {
    scout_fini(&w->scout);
}

enum pool_motion watchdog_look(struct watchdog *w, const struct pool_progress *now) {
    struct pool_progress seen = *now;
    enum pool_motion motion = POOL_MOVES;
    bool waits = scout_is_in(&w->scout), is_back = w->has_sent && !waits;
    seen.has_work = seen.has_work || waits;
    if (w->has_looked && !is_back)
        motion = pool_progress_judge(&w->before, &seen);
    w->has_looked = true;
    w->has_sent = scout_send(&w->scout);
    w->before = seen;
    w->before.has_work = seen.has_work || w->has_sent; /* a scout is work from now on */
    return motion;
}

void watchdog_end(struct watchdog *w) {
    scout_recall(&w->scout);
}
