/* Tells the service manager how the daemon fares, sd_notify(3). Without a manager the functions do nothing. Any
 * thread. */
#ifndef FETCHPOOL_DAEMON_NOTIFY_H
#define FETCHPOOL_DAEMON_NOTIFY_H

/* The daemon answers requests. `status` is one line for people, for systemctl status. */
void notify_ready(const char *status);

/* A new line for people. */
void notify_status(const char *status);

/* The daemon drains. */
void notify_stopping(const char *status);

#endif
