/* Whether a client reads its answer at a speed that is worth waiting for.
 *
 * Only time counts in which bytes wait for it: a batch whose results come slowly waits for nobody. When bytes wait, a
 * window opens; at its end they must have been taken, or as many as the least speed asks for. A plain structure that is
 * told the time, but for pace_measure. */
#ifndef FETCHPOOL_API_PACE_H
#define FETCHPOOL_API_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace_limits {
    int64_t window_ms;
    int64_t bytes_per_s; /* 0: any speed will do */
};

/* Of one connection. */
struct pace_sample {
    uint64_t taken;   /* bytes that the peer has confirmed, since the connection was opened */
    uint64_t waiting; /* bytes sent that it has not */
};

/* Zeroed before its first use. Fields are private. */
struct pace {
    bool is_open;
    int64_t opened_ms;
    struct pace_sample then;
};

/* Takes a sample in. True: the window is over, and the client was too slow. */
bool pace_is_too_slow(struct pace *p, const struct pace_limits *limits, const struct pace_sample *now, int64_t now_ms);

/* Reads a TCP connection, tcp(7): TCP_INFO and SIOCOUTQ. False: it is none, or has gone. */
bool pace_measure(int fd, struct pace_sample *ret_sample);

#endif
