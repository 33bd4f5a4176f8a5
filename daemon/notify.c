#include "daemon/notify.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { NOTIFY_TEXT_BYTES = 1024, NOTIFY_PATIENCE_MS = 500 };

/* A path, or a name of Linux's own, which begins with NUL. False: another kind of socket. */
static bool set_address(struct notify *n, const char *text) {
    size_t len = strlen(text);
    if ((*text != '/' && *text != '@') || len >= sizeof n->address.sun_path)
        return false;
    n->address.sun_family = AF_UNIX;
    memcpy(n->address.sun_path, text, len);
    if (*text == '@')
        n->address.sun_path[0] = '\0';
    n->address_len = (socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)len;
    return true;
}

bool notify_open(struct notify *n) {
    const char *address = getenv("NOTIFY_SOCKET");
    *n = (struct notify){.fd = -1};
    if (!address || !*address)
        return false;
    if (set_address(n, address))
        n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_usec = NOTIFY_PATIENCE_MS * 1000};
    if (n->fd >= 0)
        (void)setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* fails for a wrong one only */
    return true;
}

void notify_close(struct notify *n) {
    if (n->fd >= 0)
        (void)close(n->fd); /* nothing waits in it */
}

int64_t notify_watchdog_ms(void) {
    uint64_t period_us;
    return sd_watchdog_enabled(0, &period_us) > 0 ? (int64_t)(period_us / 1000) : 0;
}

/* A manager that cannot be told is none of the daemon's worries, nor is one that does not listen: its queue is full. */
static void tell(const struct notify *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct notify *n, const char *format, ...) {
    char text[NOTIFY_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n->fd < 0)
        (void)sd_notify(0, text);
    else
        (void)sendto(n->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&n->address, n->address_len);
}

void notify_ready(const struct notify *n, const char *status) {
    tell(n, "READY=1\nSTATUS=%s", status);
}

void notify_status(const struct notify *n, const char *status) {
    tell(n, "STATUS=%s", status);
}

void notify_reloading(const struct notify *n) {
    tell(n, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reloading", clock_now_us());
}

void notify_watchdog(const struct notify *n) {
    tell(n, "WATCHDOG=1");
}

void notify_stopping(const struct notify *n, const char *status, int64_t within_ms) {
    tell(n, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64 "\nSTATUS=%s", within_ms * 1000, status);
}
