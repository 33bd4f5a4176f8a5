#include "daemon/notify.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

/* A manager that cannot be told is none of the daemon's worries: results are ignored. */

bool notify_is_wanted(void) {
    const char *address = getenv("NOTIFY_SOCKET");
    return address && *address;
}

int64_t notify_watchdog_ms(void) {
    uint64_t period_us;
    return sd_watchdog_enabled(0, &period_us) > 0 ? (int64_t)(period_us / 1000) : 0;
}

void notify_ready(const char *status) {
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_status(const char *status) {
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void notify_reloading(void) {
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reloading", clock_now_us());
}

void notify_watchdog(void) {
    (void)sd_notify(0, "WATCHDOG=1");
}

void notify_stopping(const char *status, int64_t within_ms) {
    (void)sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64 "\nSTATUS=%s", within_ms * 1000, status);
}
