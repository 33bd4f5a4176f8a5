/* How much one caller has taken: URLs in flight, and URLs per minute.
 *
 * The minute is a bucket that leaks: what was taken drains evenly, a minute's worth in a minute, and no more than that
 * is ever in it. So a caller may take all at once, and then as fast as it drains. Locked from outside, but for
 * quota_give_back. */
#ifndef FETCHPOOL_API_QUOTA_H
#define FETCHPOOL_API_QUOTA_H

#include "config/token_file.h"

#include <stdatomic.h>
#include <stdint.h>

/* All zero: nothing was taken. Fields are private. */
struct quota {
    _Atomic int64_t in_flight;
    int64_t spent; /* in 60,000ths of a URL: with N of them a minute, N drain in a millisecond */
    int64_t at_ms; /* when `spent` was that */
};

enum quota_verdict {
    QUOTA_TAKEN,
    QUOTA_TOO_MANY,       /* more than the limits ever let through at once */
    QUOTA_MINUTE_IS_FULL, /* not now */
    QUOTA_FLIGHT_IS_FULL, /* not now */
};

/* Takes `urls`, all or nothing. `now_ms` is monotonic. Limits may change from call to call. */
enum quota_verdict quota_take(struct quota *q, const struct token_limits *limits, int64_t urls, int64_t now_ms);

/* As if these had never been taken. */
void quota_undo(struct quota *q, const struct token_limits *limits, int64_t urls);

/* These are in flight no longer. Any thread, without the lock. */
void quota_give_back(struct quota *q, int64_t urls);

/* What could be taken now, of each limit; 0 of one that there is not. */
struct quota_left {
    int64_t urls_this_minute;
    int64_t full_after_ms; /* until the whole minute's worth is there again */
    int64_t in_flight;
};
struct quota_left quota_look(struct quota *q, const struct token_limits *limits, int64_t now_ms);

/* When so many could be taken, as far as the minute is concerned, from now; they must be within the limit. */
int64_t quota_wait_ms(struct quota *q, const struct token_limits *limits, int64_t urls, int64_t now_ms);

#endif
