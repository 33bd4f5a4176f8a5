#include "base/edits.h"

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* One row of the matrix at a time. */
size_t edits_between(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t row[EDITS_MAX_BYTES + 1];
    if (a_len > EDITS_MAX_BYTES || b_len > EDITS_MAX_BYTES)
        return EDITS_MAX_BYTES;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}
