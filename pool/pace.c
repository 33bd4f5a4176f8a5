#include "pool/pace.h"

/* Between two marks lie so many at least: many are refused at once, and each would see no more than a moment. */
enum { PACE_MARK_MS = 500, PACE_STALE_MS = 10 * 1000, PACE_MOST_S = 60, PACE_UNKNOWN_S = 2 };

void pace_count(struct pace *p, size_t count) {
    p->done += count;
}

/* What was done a long time ago says nothing. */
static void mark(struct pace *p, int64_t now_ms) {
    int64_t since_ms = now_ms - p->mark_ms;
    p->per_second = since_ms <= PACE_STALE_MS ? (double)(p->done - p->done_at_mark) * 1000.0 / (double)since_ms : 0;
    p->done_at_mark = p->done;
    p->mark_ms = now_ms;
}

int pace_seconds(struct pace *p, size_t count, int64_t now_ms) {
    if (p->mark_ms == 0 || now_ms - p->mark_ms >= PACE_MARK_MS) /* 0: never */
        mark(p, now_ms);
    if (p->per_second <= 0)
        return PACE_UNKNOWN_S;
    double seconds = (double)count / p->per_second;
    return seconds >= PACE_MOST_S ? PACE_MOST_S : (int)seconds + 1;
}
