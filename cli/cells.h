/* Text of others in the columns of a terminal: what would move the cursor or change the reading order is not shown. */
#ifndef FETCHPOOL_CLI_CELLS_H
#define FETCHPOOL_CLI_CELLS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum cells_side { CELLS_LEFT, CELLS_RIGHT };

/* Columns that the text takes when shown. Without `utf8` each character that is not ASCII takes one. */
size_t cells_width(const char *text, bool utf8);

/* Appends the text in exactly `columns` columns, set to that side. What is too long loses its middle. ERR_NOMEM,
 * ERR_LIMIT. */
enum err cells_put(struct buf *out, const char *text, size_t columns, enum cells_side side, bool utf8) ERR_MUST_CHECK;

#endif
