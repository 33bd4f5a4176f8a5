/* Bodies in files of one folder. */
#ifndef FETCHPOOL_CLI_SAVE_H
#define FETCHPOOL_CLI_SAVE_H

#include "base/buf.h"
#include "base/err.h"
#include "pool/fetch_batch.h"

#include <stddef.h>

struct save;

/* Opens the folder, which is made when it is not there, and gives each item of the list a name of its own: that of its
 * URL, from the second one of a name on with a number. ERR_IO: errno tells why. ERR_NOMEM. */
enum err save_create(const char *folder, const struct fetch_batch *list, struct save **ret_save) ERR_MUST_CHECK;

/* Accepts NULL. */
void save_destroy(struct save *s);

/* The name of an item's file; letters, digits, '.', '-' and '_'. */
const char *save_name(const struct save *s, size_t index);

/* Writes the body beside and puts it in its place when it is whole: the file, or a link, that is there goes. Nothing is
 * followed, so nothing outside the folder is touched. ERR_IO: errno tells why. Any thread. */
enum err save_body(const struct save *s, size_t index, const struct buf *body) ERR_MUST_CHECK;

#endif
