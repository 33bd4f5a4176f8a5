/* --health: asks the daemon that runs with these settings how it is. For a container's health check, which then needs
 * no other program and no second place that knows the address. */
#ifndef FETCHPOOL_DAEMON_HEALTH_H
#define FETCHPOOL_DAEMON_HEALTH_H

#include "daemon/service.h"

/* GET /healthz at each address of server.listen, by https where the daemon speaks it. Done when all were answered with
 * 200; else `ret_error` is one line that names the first that was not. Blocks, for three seconds at most when an
 * address is silent. Without threads. */
enum service_exit health_ask(const struct settings *settings, char ret_error[SERVICE_ERROR_BYTES]);

#endif
