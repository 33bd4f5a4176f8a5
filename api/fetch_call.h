/* One POST /fetch on its way: the batch in the pool, and its answer going out as the results come in.
 *
 * Workers put results in; the front-end thread takes bytes out. When there is nothing to send the request is suspended,
 * and it is resumed for a good piece, for the end, or a short while after the first result that waits, so that
 * thousands of results do not mean thousands of wake-ups. When the client does not read, nothing more of the batch is
 * started. */
#ifndef FETCHPOOL_API_FETCH_CALL_H
#define FETCHPOOL_API_FETCH_CALL_H

#include "api/batch_decode.h"
#include "api/problem.h"
#include "api/request.h"
#include "base/err.h"
#include "pool/fetch_batch.h"

struct fetch_call;

/* ERR_NOMEM. The caller owns it until fetch_call_start or fetch_call_discard. */
enum err fetch_call_create(struct request *r, struct fetch_call **ret_call) ERR_MUST_CHECK;

/* Its batch, for the options that stand outside the body. */
struct fetch_batch *fetch_call_batch(struct fetch_call *call);

/* Decodes the request's body, a large one in the background, hands the batch to the pool and answers the request in the
 * end: with the results, or with the problem when there is one. `problem` is what was found so far; copied. Takes the
 * call. */
void fetch_call_start(struct fetch_call *call, enum batch_format format, const struct problem *problem);

/* Instead of fetch_call_start. */
void fetch_call_discard(struct fetch_call *call);

#endif
