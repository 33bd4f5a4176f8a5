#include "api/pace.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static uint64_t wanted(const struct pace *p, const struct pace_limits *limits) {
    uint64_t least = (uint64_t)limits->bytes_per_s * (uint64_t)limits->window_ms / 1000;
    return p->then.waiting < least ? p->then.waiting : least;
}

bool pace_is_too_slow(struct pace *p, const struct pace_limits *limits, const struct pace_sample *now, int64_t now_ms) {
    if (p->is_open && now->taken - p->then.taken >= wanted(p, limits))
        p->is_open = false;
    if (p->is_open)
        return now_ms - p->opened_ms >= limits->window_ms;
    if (now->waiting > 0 && limits->bytes_per_s > 0)
        *p = (struct pace){.is_open = true, .opened_ms = now_ms, .then = *now};
    return false;
}

bool pace_measure(int fd, struct pace_sample *ret_sample) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    int waiting;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 || ioctl(fd, SIOCOUTQ, &waiting) != 0)
        return false;
    if (len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
        return false;
    *ret_sample = (struct pace_sample){.taken = info.tcpi_bytes_acked, .waiting = (uint64_t)waiting};
    return true;
}
