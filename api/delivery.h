/* How a caller wants the results of a batch delivered. The front end alone cares; the pool does not know. */
#ifndef FETCHPOOL_API_DELIVERY_H
#define FETCHPOOL_API_DELIVERY_H

#include "api/answer.h"

/* What becomes of a batch when its client leaves before the end. */
enum delivery_departure { DELIVERY_CANCEL, DELIVERY_FINISH };

struct delivery {
    const char *media_type; /* of the answer, as the client spells it; static */
    const struct answer_format *format;
    enum answer_order order;
    enum delivery_departure on_disconnect;
};

#endif
