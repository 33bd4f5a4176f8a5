/* The flow between a batch in the pool and its client: results in by the workers, bytes out by the front end.
 *
 * When there is nothing to send the request is suspended, and it is resumed for a good piece, for the end, or a short
 * while after the first result that waits, so that thousands of results do not mean thousands of wake-ups. When the
 * client does not read, nothing more of the batch is started; when it leaves, the batch is cancelled, or goes on as it
 * was told. For fetch_call.c only. */
#ifndef FETCHPOOL_API_FETCH_FLOW_H
#define FETCHPOOL_API_FETCH_FLOW_H

#include "api/request.h"
#include "pool/fetch_batch.h"

struct fetch_call;

extern const struct request_ops fetch_flow_request_ops;   /* the front end's side */
extern const struct fetch_batch_ops fetch_flow_batch_ops; /* the pool's side */

/* For a call that is being made. */
void fetch_flow_init(struct fetch_call *call);

/* Sets the request aside, and goes on with it. With the call's lock held. */
void fetch_flow_suspend_locked(struct fetch_call *call);
void fetch_flow_resume_locked(struct fetch_call *call);

/* For the monitor, whose thread it runs in; `call` is a struct fetch_call. */
void fetch_flow_client_left(void *call);

#endif
