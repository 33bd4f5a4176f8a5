/* Tells the service manager how the daemon fares, sd_notify(3), by a socket that stays open: no descriptor may be left
 * when all is well. A manager that does not listen is waited for half a second, and then not told. Any thread. */
#ifndef FETCHPOOL_DAEMON_NOTIFY_H
#define FETCHPOOL_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where the manager listens. Fields are private. */
struct notify {
    int fd;
    socklen_t address_len;
    struct sockaddr_un address;
};

/* False: no manager wants to be told, and there is nothing to close. */
bool notify_open(struct notify *n);

void notify_close(struct notify *n);

/* How long the watchdog of the manager waits for notify_watchdog, sd_watchdog_enabled(3); 0: there is none. */
int64_t notify_watchdog_ms(void);

/* The daemon answers requests, again after a reload. `status` is one line for people, for systemctl status. */
void notify_ready(const struct notify *n, const char *status);

/* A new line for people. */
void notify_status(const struct notify *n, const char *status);

/* The settings are being read; notify_ready follows. */
void notify_reloading(const struct notify *n);

/* All is well. */
void notify_watchdog(const struct notify *n);

/* The daemon ends, and may take so long: the manager waits for that, too, where its own patience is shorter. */
void notify_stopping(const struct notify *n, const char *status, int64_t within_ms);

#endif
