/* Whether a client reads its answer at a speed that is worth waiting for.
 *
 * Only time counts in which bytes wait for it: a batch whose results come slowly waits for nobody. When bytes wait, a
 * window opens; at its end they must have been taken, or as many as the least speed asks for. A plain structure that is
 * told the time, but for read_speed_measure. */
#ifndef FETCHPOOL_API_READ_SPEED_H
#define FETCHPOOL_API_READ_SPEED_H

#include <stdbool.h>
#include <stdint.h>

struct read_speed_limits {
    int64_t window_ms;
    int64_t bytes_per_s; /* 0: any speed will do */
};

/* Of one connection. */
struct read_speed_sample {
    uint64_t taken;   /* bytes that the peer has confirmed, since the connection was opened */
    uint64_t waiting; /* bytes sent that it has not */
};

/* Zeroed before its first use. Fields are private. */
struct read_speed {
    bool is_open;
    int64_t opened_ms;
    struct read_speed_sample then;
};

/* Takes a sample in. True: the window is over, and the client was too slow. */
bool read_speed_is_too_slow(struct read_speed *p, const struct read_speed_limits *limits,
                            const struct read_speed_sample *now, int64_t now_ms);

/* Reads a TCP connection, tcp(7): TCP_INFO and SIOCOUTQ. False: it is none, or has gone. */
bool read_speed_measure(int fd, struct read_speed_sample *ret_sample);

#endif
