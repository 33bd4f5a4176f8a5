/* What the service consists of. Used by service.c and service_reload.c only. */
#ifndef FETCHPOOL_DAEMON_SERVICE_STATE_H
#define FETCHPOOL_DAEMON_SERVICE_STATE_H

#include "api/server.h"
#include "api/tls.h"
#include "base/timers.h"
#include "config/settings_share.h"
#include "daemon/listen.h"
#include "daemon/manager.h"
#include "daemon/service.h"
#include "pool/fetch.h"
#include "pool/pool.h"

struct service {
    struct settings_share *share;
    const struct settings *settings; /* during the start */
    struct timers *timers;
    struct fetcher *fetcher;
    struct pool *pool;
    struct listen_sockets sockets;
    int *fds;
    struct auth *auth;
    struct tls_pair *certificate; /* until the front end has it */
    struct api *api;
    struct manager *manager; /* NULL: none is told anything */
};

/* Writes the one line that a function of the service ends with; gives `code` back. */
enum service_exit service_fail(enum service_exit code, const char *text, char ret_error[SERVICE_ERROR_BYTES]);

/* certificate_read, and how the process ends when it fails. */
enum service_exit service_read_certificate(const struct settings *settings, struct tls_pair **ret_pair,
                                           char ret_error[SERVICE_ERROR_BYTES]);

/* How the process ends when it is not known who may ask. */
enum service_exit service_exit_of_access(enum err err);

struct pool_limits service_pool_limits(const struct settings *settings);

/* Who may ask, for the log. */
void service_log_callers(const struct auth_policy *policy);
void service_warn_of_open_doors(const struct service *s, const struct settings *settings);

#endif
