/* An item of a list as a JSON object, which says more than its URL. */
#ifndef FETCHPOOL_CLI_ITEM_H
#define FETCHPOOL_CLI_ITEM_H

#include "cli/option_table.h"
#include "pool/fetch_batch.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds the item that the line is to the list, whose arena keeps it; `text[len]` is a NUL. What it does not say it has
 * from `values`. False: `ret_error` says what is wrong. */
bool item_add(struct fetch_batch *list, const struct option_values *values, const char *text, size_t len,
              char ret_error[CLI_ERROR_BYTES]);

/* What the item says of its own; NULL: nothing. */
const struct option_values *item_values(const struct fetch_item *item);
struct option_values *item_own_values(struct fetch_item *item);

#endif
