/* One POST /fetch on its way, from its body to the pool; what goes on between the pool and the client then is in
 * fetch_flow.h. Freed when both the request and the pool have let go of it. */
#ifndef FETCHPOOL_API_FETCH_CALL_H
#define FETCHPOOL_API_FETCH_CALL_H

#include "api/batch_decode.h"
#include "api/fetch_options.h"
#include "api/problem.h"
#include "api/request.h"
#include "base/err.h"

struct fetch_call;

/* ERR_NOMEM. The caller owns it until fetch_call_start or fetch_call_discard. */
enum err fetch_call_create(struct request *r, struct fetch_call **ret_call) ERR_MUST_CHECK;

/* Where its options go that stand outside the body. The delivery's type and format are to be set first. */
struct fetch_options_target fetch_call_target(struct fetch_call *call, struct problem *problem);

/* Decodes the request's body, a large one in the background, hands the batch to the pool and answers the request in the
 * end: with the results, or with the problem when there is one. `problem` is what was found so far; copied. Takes the
 * call. */
void fetch_call_start(struct fetch_call *call, enum batch_format format, const struct problem *problem);

/* Instead of fetch_call_start. */
void fetch_call_discard(struct fetch_call *call);

#endif
