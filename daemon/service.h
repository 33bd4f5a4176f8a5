/* The parts of the running service, started and stopped in their order: timers, fetcher, pool, listening sockets,
 * callers, front end. */
#ifndef FETCHPOOL_DAEMON_SERVICE_H
#define FETCHPOOL_DAEMON_SERVICE_H

#include "base/err.h"
#include "config/settings.h"

struct service;

/* What main returns. */
enum service_exit {
    SERVICE_EXIT_DONE = 0,
    SERVICE_EXIT_FAILED = 1,   /* memory, threads, a library */
    SERVICE_EXIT_USAGE = 2,    /* the command line is wrong */
    SERVICE_EXIT_SETTINGS = 3, /* a setting is wrong */
    SERVICE_EXIT_FILE = 4,     /* the settings file cannot be read */
    SERVICE_EXIT_LISTEN = 5,   /* an address cannot be listened on */
    SERVICE_EXIT_LIMITS = 6,   /* the settings do not fit what the system allows */
};

enum { SERVICE_ERROR_BYTES = 512 };

/* Tries what the settings need short of listening. `ret_error` is one line. */
enum service_exit service_check(const struct settings *settings, char ret_error[SERVICE_ERROR_BYTES]);

/* Starts to serve. Takes the settings, on errors too. `drained` is called by any thread when service_drain is
 * through. */
enum service_exit service_start(struct settings *settings, void (*drained)(void *arg), void *arg,
                                struct service **ret_service, char ret_error[SERVICE_ERROR_BYTES]);

/* Puts fresh settings in force, with the token file and the certificate that they name: all or nothing. What takes a
 * restart stays as it is, and is named in the log. Takes the settings, on errors too. `ret_error` is one line. One
 * thread at a time. */
enum service_exit service_reload(struct service *s, struct settings *fresh, char ret_error[SERVICE_ERROR_BYTES]);

/* Tell the service manager that the settings are being read, and what came of it: NULL, or one line for people. */
void service_begin_reload(struct service *s);
void service_end_reload(struct service *s, const char *error);

/* Begins the end, and cuts short the stage it is in when called again (api_drain); `drained` follows, after
 * server.drain_delay, server.drain_timeout and a grace at the latest. */
void service_drain(struct service *s);

/* After `drained`. Accepts NULL and what was started in part. */
void service_stop(struct service *s);

#endif
