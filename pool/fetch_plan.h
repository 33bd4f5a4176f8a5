/* What would be done about a URL: as far as it can be known without a connection to anybody but a name server. */
#ifndef FETCHPOOL_POOL_FETCH_PLAN_H
#define FETCHPOOL_POOL_FETCH_PLAN_H

#include "base/err.h"
#include "pool/address.h"
#include "pool/fetch.h"
#include "pool/guard_rules.h"
#include "pool/pool_hosts.h"
#include "pool/url.h"

#include <stdbool.h>

/* Owned by the result that has it. */
struct fetch_plan {
    char *url;                           /* that would be asked for, without user information; NULL: it is no URL */
    char *addresses;                     /* of its host, with commas between; NULL: it has none, or one is refused */
    char origin[URL_ORIGIN_BYTES];       /* with the port, also when it is the usual one */
    bool is_told;                        /* the rest is known, and for who looks after this service only */
    char refused[ADDRESS_TEXT_BYTES];    /* the address that the guard refuses; "": none */
    char refused_rule[GUARD_RULE_BYTES]; /* because of this rule */
    struct pool_host host;               /* what holds for its host */
};

/* Plans the request and fills `result`, which is initialised: `plan`, and the failure that the fetch would end with, as
 * far as that is known. The guard tells the operator of what it refuses, as when it is fetched. `pool` NULL: not for
 * who looks after this service. Blocks while the name is looked up. Any thread, as fetch_url. */
void fetch_plan(struct fetcher *f, struct pool *pool, const struct fetch_request *request, struct fetch_result *result);

/* Accepts NULL. */
void fetch_plan_destroy(struct fetch_plan *plan);

#endif
