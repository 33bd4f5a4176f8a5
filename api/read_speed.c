#include "api/read_speed.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static uint64_t wanted(const struct read_speed *p, const struct read_speed_limits *limits) {
    uint64_t least = (uint64_t)limits->bytes_per_s * (uint64_t)limits->window_ms / 1000;
    return p->then.waiting < least ? p->then.waiting : least;
}

bool read_speed_is_too_slow(struct read_speed *p, const struct read_speed_limits *limits,
                            const struct read_speed_sample *now, int64_t now_ms) {
    if (p->is_open && now->taken - p->then.taken >= wanted(p, limits))
        p->is_open = false;
    if (p->is_open)
        return now_ms - p->opened_ms >= limits->window_ms;
    if (now->waiting > 0 && limits->bytes_per_s > 0)
        *p = (struct read_speed){.is_open = true, .opened_ms = now_ms, .then = *now};
    return false;
}

bool read_speed_measure(int fd, struct read_speed_sample *ret_sample) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    int waiting;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 || ioctl(fd, SIOCOUTQ, &waiting) != 0)
        return false;
    if (len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
        return false;
    *ret_sample = (struct read_speed_sample){.taken = info.tcpi_bytes_acked, .waiting = (uint64_t)waiting};
    return true;
}
