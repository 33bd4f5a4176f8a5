/* How a caller wants the results of a batch delivered. The front end alone cares; the pool does not know. */
#ifndef FETCHPOOL_API_DELIVERY_H
#define FETCHPOOL_API_DELIVERY_H

#include "api/answer.h"

struct delivery {
    const char *media_type; /* of the answer, as the client spells it; static */
    const struct answer_format *format;
    enum answer_order order;
};

#endif
