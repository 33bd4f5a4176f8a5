/* Tells the service manager how the daemon fares, sd_notify(3). Without a manager the functions do nothing. They may
 * wait for one that does not listen. Any thread. */
#ifndef FETCHPOOL_DAEMON_NOTIFY_H
#define FETCHPOOL_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a manager that wants to be told. */
bool notify_is_wanted(void);

/* How long the watchdog of the manager waits for notify_watchdog, sd_watchdog_enabled(3); 0: there is none. */
int64_t notify_watchdog_ms(void);

/* The daemon answers requests, again after a reload. `status` is one line for people, for systemctl status. */
void notify_ready(const char *status);

/* A new line for people. */
void notify_status(const char *status);

/* The settings are being read; notify_ready follows. */
void notify_reloading(void);

/* All is well. */
void notify_watchdog(void);

/* The daemon ends, and may take so long: the manager waits for that, too, where its own patience is shorter. */
void notify_stopping(const char *status, int64_t within_ms);

#endif
