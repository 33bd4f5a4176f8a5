#include "daemon/notify.h"

#include <systemd/sd-daemon.h>

/* A manager that cannot be told is none of the daemon's worries: results are ignored. */

void notify_ready(const char *status) {
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_status(const char *status) {
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void notify_stopping(const char *status) {
    (void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}
