/* How fast items are done, so that who is refused can be told when there may be room. Not safe by itself: the owner's
 * lock guards it. */
#ifndef FETCHPOOL_POOL_PACE_H
#define FETCHPOOL_POOL_PACE_H

#include <stddef.h>
#include <stdint.h>

/* Zeroes are a pace of which nothing is known. Private. */
struct pace {
    uint64_t done; /* from the beginning */
    uint64_t done_at_mark;
    int64_t mark_ms; /* the last time that the pace was taken */
    double per_second;
};

/* `count` items are done. */
void pace_count(struct pace *p, size_t count);

/* How many seconds `count` items take, by the pace since it was last asked for: from 1 to 60, and 2 when nothing is
 * known of the last ten seconds. */
int pace_seconds(struct pace *p, size_t count, int64_t now_ms);

#endif
