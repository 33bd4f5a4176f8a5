/* The handlers of the routes. Each is called once the whole body has come, in the front-end thread, and responds or
 * suspends. */
#ifndef FETCHPOOL_API_HANDLERS_H
#define FETCHPOOL_API_HANDLERS_H

#include "api/request.h"

void handle_fetch(struct request *r);   /* handle_fetch.c */
void handle_drill(struct request *r);   /* handle_drill.c */
void handle_healthz(struct request *r); /* handle_status.c */
void handle_readyz(struct request *r);
void handle_pressure(struct request *r);
void handle_version(struct request *r);
void handle_metrics(struct request *r); /* handle_metrics.c */
void handle_openapi(struct request *r); /* handle_openapi.c */
void handle_hosts(struct request *r);   /* handle_hosts.c */
void handle_host(struct request *r);
void handle_host_patch(struct request *r);

#endif
