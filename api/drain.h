/* Which requests are owed an answer, and what waits for them: the drain. Any thread. */
#ifndef FETCHPOOL_API_DRAIN_H
#define FETCHPOOL_API_DRAIN_H

#include <stdbool.h>

struct api;

/* For api_create and api_destroy. */
void drain_init(struct api *api);
void drain_fini(struct api *api);

/* From here on a drain waits for one request more. Before the look at api_is_draining: then either the drain waits, or
 * the request is refused. */
void drain_count_open(struct api *api);

/* A request that was counted has its answer, or nobody wants it any more. */
void drain_count_closed(struct api *api);

/* A batch goes on without its request, which is about to close: a drain waits for it instead, and the struct api stays
 * until drain_count_ended. False: the drain is over, or as many do so as there may be connections; then the batch must
 * end, and not use the struct api any more. */
bool drain_count_unattended(struct api *api);

/* The end of such a batch. */
void drain_count_ended(struct api *api);

/* A connection has closed: if it was the last one and none can come, there is nothing to leave for any more. */
void drain_look_for_clients(struct api *api);

#endif
