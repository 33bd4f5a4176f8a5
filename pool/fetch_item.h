/* One URL of a list. */
#ifndef FETCHPOOL_POOL_FETCH_ITEM_H
#define FETCHPOOL_POOL_FETCH_ITEM_H

#include "pool/fetch.h"

/* The texts stand in the arena of its batch. */
struct fetch_item {
    const char *url;
    const char *id;                      /* the caller's name for it, or NULL */
    const struct fetch_options *options; /* NULL: those of the batch */
};

#endif
