/* Lets a request in, or not, by the token in its header. */
#ifndef FETCHPOOL_API_ADMIT_H
#define FETCHPOOL_API_ADMIT_H

#include "api/request.h"

/* For a request whose route is known, before its body: its pass or its refusal is set. A refusal that is there already
 * stays. */
void admit_request(struct request *r);

#endif
