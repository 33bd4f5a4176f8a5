/* How far two names are from each other, to suggest the one that was meant. */
#ifndef FETCHPOOL_BASE_EDITS_H
#define FETCHPOOL_BASE_EDITS_H

#include <stddef.h>

enum { EDITS_MAX_BYTES = 48, EDITS_FAR = 4 };

/* Levenshtein distance: how many bytes have to be put in, taken out or changed. Texts of more than EDITS_MAX_BYTES are
 * EDITS_MAX_BYTES apart. What is EDITS_FAR or more apart is hardly a slip. */
size_t edits_between(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
