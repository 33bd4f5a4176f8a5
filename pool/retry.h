/* Fetching an item of a batch, and fetching it again when that may help.
 *
 * Tried again are, as often as `retries` says: what found no connection (dns, connect, connect_timeout), what broke on
 * the way when asking twice does no harm (send, recv, empty_reply, http2 with GET, HEAD, PUT, DELETE, OPTIONS; RFC
 * 9110, section 9.2.2), and the statuses 408, 429, 500, 502, 503 and 504; but a POST or PATCH that was redirected is
 * not, as a retry would begin with the first URL, where it may have been done. The time between is drawn at random
 * below a bound that doubles each time until it is a minute ("full jitter"), and not less than Retry-After says. No
 * thread waits meanwhile. There is no retry when the deadline would come first, or when the budget of all retries is
 * used up.
 */
#ifndef FETCHPOOL_POOL_RETRY_H
#define FETCHPOOL_POOL_RETRY_H

#include "pool/batch.h"
#include "pool/fetch.h"

#include <stdbool.h>
#include <stddef.h>

/* Performs one attempt of the item `index`; `again` is what the attempt before has left in `next`, or NULL. True:
 * `result` is the item's result, `elapsed` and the attempts counted from the first one. False: the item is to be run
 * again, as `next` says. Either way `next` may pause the host. Blocks as fetch_url does. */
bool retry_run(struct fetcher *f, const struct fetch_request *request, size_t index, struct sched_again *again,
               struct fetch_result *result, struct batch_next *next);

/* The item is not run again: frees what the last attempt has left, and tells the result, which is filled otherwise, how
 * long it took and what was tried. `again` may be NULL. */
void retry_abandon(struct sched_again *again, struct fetch_result *result);

#endif
