/* What the server lends to the handlers. Any thread. */
#ifndef FETCHPOOL_API_CONTEXT_H
#define FETCHPOOL_API_CONTEXT_H

#include "api/background.h"
#include "api/monitor.h"
#include "api/request.h"
#include "api/server.h"
#include "api/traffic.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const struct api_options *api_options(const struct api *api);
struct background *api_decoding(const struct api *api);
struct background *api_scraping(const struct api *api);
struct monitor *api_monitor(const struct api *api);

/* The bytes that all answers hold together; whoever changes what it holds changes this. */
_Atomic size_t *api_held_bytes(struct api *api);

/* Requests refused because the queue was full, since the start. */
void api_count_rejected(struct api *api);
uint64_t api_rejected(const struct api *api);

/* Whether there are as many clients as there may be. */
bool api_is_full(const struct api *api);

/* Where answers and refusals are counted. */
struct traffic *api_traffic(struct api *api);

/* Frees the body of a request that has been decoded. */
void api_drop_body(struct request *r);

#endif
