/* The options of a batch and of its items: one table, read from JSON or from query parameters. */
#ifndef FETCHPOOL_API_FETCH_OPTIONS_H
#define FETCHPOOL_API_FETCH_OPTIONS_H

#include "api/delivery.h"
#include "api/problem.h"
#include "config/settings.h"
#include "pool/fetch_batch.h"

#include <stdbool.h>

struct cJSON;

/* Where the values go, and where texts are kept. */
struct fetch_options_target {
    const struct settings *settings; /* limits */
    struct fetch_batch *batch;       /* its arena keeps texts */
    struct fetch_options *options;   /* of the batch, or of the item */
    struct delivery *delivery;       /* of the batch; its format is set already */
    bool is_item;                    /* what only a batch can say is refused */
    struct problem *problem;
};

/* Reads the option `name`, whose place in the request is `pointer`. False: there is none of that name. A value that is
 * wrong adds to the problem. */
bool fetch_options_read(const struct fetch_options_target *target, const char *name, const struct cJSON *value,
                        const char *pointer);

/* The same for a query parameter: the text is taken for a value of the option's type; lists are separated by commas. */
bool fetch_options_read_query(const struct fetch_options_target *target, const char *name, const char *value);

/* What concerns more than one option; after all of them were read. */
void fetch_options_finish(const struct fetch_options_target *target, const char *pointer);

#endif
